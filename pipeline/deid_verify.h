/// `naru verify` for what `naru deidentify` wrote.
#pragma once

#include "core/cancel.h"
#include "kernels/executor.h"
#include "pipeline/verify_files.h"

namespace naru {

/// Checks, beside the checksums:
/// - every manifest line against its file: checksum, size, path; Patient ID where it is not empty, Study, Series and
///   SOP Instance UID, SOP class, modality and transfer syntax as the file's header has them;
/// - that the header says what ran: (0012,0062) is YES, or NO where a rule keeps Patient's Name or ID, (0012,0063)
///   holds dataset.json's `method`, and both it and (0012,0064) state the options of dataset.json's recipe, no more and
///   no fewer (but for those of pixels, which are stated only of files where something was cleaned);
/// - that the manifest is sorted by file, names no file twice and no study under two patients; and that no DICOM file
///   is left out of it;
/// - the recipe's hash, and all counts in dataset.json but those by action, which no file tells.
/// @throws Error{dataset_invalid, canceled}
void verify_deid(VerifyFiles& files, Executor& executor, const CancelToken& cancel, const OnProgress& on_progress);

}  // namespace naru

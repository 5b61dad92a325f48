/// One association of the Storage SCP, from its request to its end.
#pragma once

#include <dcmtk/config/osconfig.h>
// osconfig.h comes first in every DCMTK program.
#include <dcmtk/dcmnet/assoc.h>

#include <functional>

#include "dicom/storage_scp.h"

namespace naru::dicom {

/// What the peer is waited for: its request for an association, a message, a piece of a data set; or nothing, because
/// it waits for us.
enum class Phase { connecting, idle, data, ours };

/// Told whenever that changes, or the peer did what it was waited for.
using OnPhase = std::function<void(Phase)>;

/// Accepts the association, with every storage class in every syntax that Naru reads, or refuses it with the reason.
/// @param is_full no more associations are wanted
/// @return whether it was accepted
bool negotiate(T_ASC_Association& association, const StorageScpOptions& options, bool is_full);

/// Serves C-ECHO and C-STORE until the peer releases or aborts the association, or breaks the protocol.
void serve(T_ASC_Association& association, ObjectStore& store, const OnPhase& on_phase);

}  // namespace naru::dicom

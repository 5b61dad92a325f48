#include "dicom/deidentify/identifying_tags.h"

#include <algorithm>
#include <array>

namespace naru::dicom {

namespace {

struct IdentifyingTag {
  Tag tag;
  IdentifierCategory category;
};

constexpr std::array kIdentifyingTags = {
    IdentifyingTag{0x00080050, &Identifiers::ids},           // Accession Number
    IdentifyingTag{0x00080054, &Identifiers::places},        // Retrieve AE Title
    IdentifyingTag{0x00080080, &Identifiers::places},        // Institution Name
    IdentifyingTag{0x00080081, &Identifiers::places},        // Institution Address
    IdentifyingTag{0x00080092, &Identifiers::others},        // Referring Physician's Address
    IdentifyingTag{0x00080094, &Identifiers::others},        // Referring Physician's Telephone Numbers
    IdentifyingTag{0x00081040, &Identifiers::places},        // Institutional Department Name
    IdentifyingTag{0x00100012, &Identifiers::person_names},  // Name to Use
    IdentifyingTag{0x00100020, &Identifiers::ids},           // Patient ID
    IdentifyingTag{0x00100021, &Identifiers::places},        // Issuer of Patient ID
    IdentifyingTag{0x00101000, &Identifiers::ids},           // Other Patient IDs
    IdentifyingTag{0x00101040, &Identifiers::others},        // Patient's Address
    IdentifyingTag{0x00101050, &Identifiers::ids},           // Insurance Plan Identification
    IdentifyingTag{0x00101090, &Identifiers::ids},           // Medical Record Locator
    IdentifyingTag{0x00102152, &Identifiers::others},        // Region of Residence
    IdentifyingTag{0x00102154, &Identifiers::others},        // Patient's Telephone Numbers
    IdentifyingTag{0x00102155, &Identifiers::others},        // Patient's Telecom Information
    IdentifyingTag{0x00102295, &Identifiers::ids},           // Breed Registration Number
    IdentifyingTag{0x00102299, &Identifiers::places},        // Responsible Organization
    IdentifyingTag{0x00120010, &Identifiers::places},        // Clinical Trial Sponsor Name
    IdentifyingTag{0x00120020, &Identifiers::ids},           // Clinical Trial Protocol ID
    IdentifyingTag{0x00120021, &Identifiers::others},        // Clinical Trial Protocol Name
    IdentifyingTag{0x00120022, &Identifiers::places},        // Issuer of Clinical Trial Protocol ID
    IdentifyingTag{0x00120030, &Identifiers::ids},           // Clinical Trial Site ID
    IdentifyingTag{0x00120031, &Identifiers::places},        // Clinical Trial Site Name
    IdentifyingTag{0x00120032, &Identifiers::places},        // Issuer of Clinical Trial Site ID
    IdentifyingTag{0x00120040, &Identifiers::ids},           // Clinical Trial Subject ID
    IdentifyingTag{0x00120042, &Identifiers::ids},           // Clinical Trial Subject Reading ID
    IdentifyingTag{0x00120060, &Identifiers::places},        // Clinical Trial Coordinating Center Name
    IdentifyingTag{0x00120081, &Identifiers::places},        // Clinical Trial Protocol Ethics Committee Name
    IdentifyingTag{0x00120082, &Identifiers::ids},           // Clinical Trial Protocol Ethics Committee Approval Number
    IdentifyingTag{0x0016004D, &Identifiers::person_names},  // Camera Owner Name
    IdentifyingTag{0x00160051, &Identifiers::ids},           // Lens Serial Number
    IdentifyingTag{0x00181000, &Identifiers::ids},           // Device Serial Number
    IdentifyingTag{0x00181004, &Identifiers::ids},           // Plate ID
    IdentifyingTag{0x00181005, &Identifiers::ids},           // Generator ID
    IdentifyingTag{0x00181006, &Identifiers::ids},           // Grid ID
    IdentifyingTag{0x00181007, &Identifiers::ids},           // Cassette ID
    IdentifyingTag{0x00181008, &Identifiers::ids},           // Gantry ID
    IdentifyingTag{0x00181009, &Identifiers::ids},           // Unique Device Identifier
    IdentifyingTag{0x00181010, &Identifiers::ids},           // Secondary Capture Device ID
    IdentifyingTag{0x00181011, &Identifiers::ids},           // Hardcopy Creation Device ID
    IdentifyingTag{0x0018700A, &Identifiers::ids},           // Detector ID
    IdentifyingTag{0x00189367, &Identifiers::ids},           // X-Ray Source ID
    IdentifyingTag{0x00189371, &Identifiers::ids},           // X-Ray Detector ID
    IdentifyingTag{0x00189373, &Identifiers::ids},           // X-Ray Detector Label
    IdentifyingTag{0x00200010, &Identifiers::ids},           // Study ID
    IdentifyingTag{0x002000AA, &Identifiers::ids},           // Report Number (retired)
    IdentifyingTag{0x00201070, &Identifiers::ids},           // Other Study Numbers (retired)
    IdentifyingTag{0x00320012, &Identifiers::places},        // Study ID Issuer
    IdentifyingTag{0x00321020, &Identifiers::places},        // Scheduled Study Location
    IdentifyingTag{0x00321021, &Identifiers::places},        // Scheduled Study Location AE Title
    IdentifyingTag{0x00321033, &Identifiers::places},        // Requesting Service
    IdentifyingTag{0x00380010, &Identifiers::ids},           // Admission ID
    IdentifyingTag{0x00380011, &Identifiers::places},        // Issuer of Admission ID
    IdentifyingTag{0x0038001E, &Identifiers::places},        // Scheduled Patient Institution Residence
    IdentifyingTag{0x00380060, &Identifiers::ids},           // Service Episode ID
    IdentifyingTag{0x00380061, &Identifiers::places},        // Issuer of Service Episode ID
    IdentifyingTag{0x00380300, &Identifiers::places},        // Current Patient Location
    IdentifyingTag{0x00380400, &Identifiers::places},        // Patient's Institution Residence
    IdentifyingTag{0x00400009, &Identifiers::ids},           // Scheduled Procedure Step ID
    IdentifyingTag{0x00400011, &Identifiers::places},        // Scheduled Procedure Step Location
    IdentifyingTag{0x00400031, &Identifiers::places},        // Local Namespace Entity ID
    IdentifyingTag{0x00400243, &Identifiers::places},        // Performed Location
    IdentifyingTag{0x00400253, &Identifiers::ids},           // Performed Procedure Step ID
    IdentifyingTag{0x0040050A, &Identifiers::ids},           // Specimen Accession Number
    IdentifyingTag{0x00400512, &Identifiers::ids},           // Container Identifier
    IdentifyingTag{0x00400551, &Identifiers::ids},           // Specimen Identifier
    IdentifyingTag{0x004006FA, &Identifiers::ids},           // Slide Identifier
    IdentifyingTag{0x00401001, &Identifiers::ids},           // Requested Procedure ID
    IdentifyingTag{0x00401005, &Identifiers::places},        // Requested Procedure Location
    IdentifyingTag{0x00401102, &Identifiers::others},        // Person's Address
    IdentifyingTag{0x00401103, &Identifiers::others},        // Person's Telephone Numbers
    IdentifyingTag{0x00401104, &Identifiers::others},        // Person's Telecom Information
    IdentifyingTag{0x00402006, &Identifiers::ids},           // Placer Order Number / Procedure (retired)
    IdentifyingTag{0x00402007, &Identifiers::ids},           // Filler Order Number / Procedure (retired)
    IdentifyingTag{0x00402009, &Identifiers::places},        // Order Enterer's Location
    IdentifyingTag{0x00402010, &Identifiers::others},        // Order Callback Phone Number
    IdentifyingTag{0x00402011, &Identifiers::others},        // Order Callback Telecom Information
    IdentifyingTag{0x00402016, &Identifiers::ids},           // Placer Order Number / Imaging Service Request
    IdentifyingTag{0x00402017, &Identifiers::ids},           // Filler Order Number / Imaging Service Request
    IdentifyingTag{0x00404036, &Identifiers::places},        // Human Performer's Organization
    IdentifyingTag{0x0040A027, &Identifiers::places},        // Verifying Organization
    IdentifyingTag{0x0040A353, &Identifiers::others},        // Address (Trial)
    IdentifyingTag{0x0040A354, &Identifiers::others},        // Telephone Number (Trial)
    IdentifyingTag{0x00440012, &Identifiers::ids},           // Substance Administration Device ID
    IdentifyingTag{0x0050001B, &Identifiers::ids},           // Container Component ID
    IdentifyingTag{0x0074100C, &Identifiers::person_names},  // Contact Display Name
    IdentifyingTag{0x00741234, &Identifiers::places},        // Receiving AE
    IdentifyingTag{0x00741236, &Identifiers::places},        // Requesting AE
    IdentifyingTag{0x00880130, &Identifiers::ids},           // Storage Media File-set ID
    IdentifyingTag{0x00880910, &Identifiers::person_names},  // Topic Author
    IdentifyingTag{0x04000564, &Identifiers::places},        // Source of Previous Values
    IdentifyingTag{0x21000070, &Identifiers::places},        // Originator
    IdentifyingTag{0x21000140, &Identifiers::places},        // Destination AE
    IdentifyingTag{0x21000160, &Identifiers::ids},           // Owner ID
    IdentifyingTag{0x22000005, &Identifiers::ids},           // Barcode Value
    IdentifyingTag{0x30080105, &Identifiers::ids},           // Source Serial Number
    IdentifyingTag{0x3010001B, &Identifiers::ids},           // Device Alternate Identifier
    IdentifyingTag{0x30100043, &Identifiers::ids},           // Manufacturer's Device Identifier
    IdentifyingTag{0x40080040, &Identifiers::ids},           // Results ID
    IdentifyingTag{0x40080042, &Identifiers::places},        // Results ID Issuer
    IdentifyingTag{0x4008011A, &Identifiers::others},        // Distribution Address
    IdentifyingTag{0x40080200, &Identifiers::ids},           // Interpretation ID
    IdentifyingTag{0x40080202, &Identifiers::places},        // Interpretation ID Issuer
};
static_assert(std::ranges::is_sorted(kIdentifyingTags, {}, &IdentifyingTag::tag));

constexpr std::array kIdentifyingCodes = {
    IdentifyingTag{0x00080082, &Identifiers::places},        // Institution Code Sequence
    IdentifyingTag{0x00080220, &Identifiers::places},        // Responsible Group Code Sequence
    IdentifyingTag{0x00400039, &Identifiers::places},        // Assigning Jurisdiction Code Sequence
    IdentifyingTag{0x0040003A, &Identifiers::places},        // Assigning Agency or Department Code Sequence
    IdentifyingTag{0x00401101, &Identifiers::person_names},  // Person Identification Code Sequence
    IdentifyingTag{0x00404009, &Identifiers::person_names},  // Human Performer Code Sequence
    IdentifyingTag{0x0040A028, &Identifiers::places},  // Documenting Organization Identifier Code Sequence (Trial)
    IdentifyingTag{0x0040A068, &Identifiers::person_names},  // Document Author Identifier Code Sequence (Trial)
    IdentifyingTag{0x0040A076, &Identifiers::person_names},  // Documenting Observer Identifier Code Sequence (Trial)
    IdentifyingTag{0x0040A088, &Identifiers::person_names},  // Verifying Observer Identification Code Sequence
};
static_assert(std::ranges::is_sorted(kIdentifyingCodes, {}, &IdentifyingTag::tag));

constexpr std::array<Tag, 8> kDeviceNames = {0x00080055, 0x00081010, 0x00400001, 0x00400010,
                                             0x00400241, 0x00400242, 0x30020020, 0x300A00B2};

template <std::size_t N>
IdentifierCategory category_in(const std::array<IdentifyingTag, N>& table, Tag tag) {
  const auto row = std::ranges::lower_bound(table, tag, {}, &IdentifyingTag::tag);
  return row != table.end() && row->tag == tag ? row->category : nullptr;
}

}  // namespace

IdentifierCategory identifying_category(Tag tag) { return category_in(kIdentifyingTags, tag); }

IdentifierCategory category_of_codes(Tag sequence) { return category_in(kIdentifyingCodes, sequence); }

bool names_a_device(Tag tag) { return std::ranges::find(kDeviceNames, tag) != kDeviceNames.end(); }

bool names_a_place(Tag tag) { return identifying_category(tag) == &Identifiers::places || names_a_device(tag); }

}  // namespace naru::dicom

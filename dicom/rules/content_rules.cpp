#include "dicom/rules/content_rules.h"

#include <algorithm>
#include <array>
#include <span>

namespace naru::dicom {

namespace {

using enum ContentKind;

constexpr Tag kAccessionNumber = 0x00080050, kStationAeTitle = 0x00080055, kInstitutionName = 0x00080080,
              kStationName = 0x00081010, kDepartmentName = 0x00081040, kPatientName = 0x00100010,
              kPatientId = 0x00100020, kIssuerOfPatientId = 0x00100021, kBirthDate = 0x00100030,
              kPatientSex = 0x00100040, kPatientAddress = 0x00101040, kPatientTelephone = 0x00102154,
              kPatientAge = 0x00101010, kDeviceSerialNumber = 0x00181000, kDeviceIdentifier = 0x00181009,
              kTimePointId = 0x00120050, kPatientLocation = 0x00380300, kContainerId = 0x00400512,
              kSpecimenId = 0x00400551, kPlacerNumber = 0x00402016, kFillerNumber = 0x00402017,
              kObserverName = 0x0040A075;

/// PS3.16 Annex D: of TID 1002 to 1010 (observation context), 1020 and 1021 (participants), 1204, 1502 (time points),
/// 3106 and others of the catheterisation log, 5013 and others of obstetrics, 8001, 10002, 10022. UIDs are not listed:
/// the attribute that holds them has a rule of its own.
constexpr std::array kContentRules = {
    ContentRule{"110119", kStationAeTitle, place},          // Station AE Title
    ContentRule{"110190", kIssuerOfPatientId, place},       // Issuer of Identifier
    ContentRule{"111700", kContainerId, id},                // Specimen Container Identifier
    ContentRule{"111705", kSpecimenId, id},                 // Parent Specimen Identifier
    ContentRule{"111706", kIssuerOfPatientId, place},       // Issuer of Parent Specimen Identifier
    ContentRule{"111724", kIssuerOfPatientId, place},       // Issuer of Specimen Identifier
    ContentRule{"113511", kPlacerNumber, id},               // Radiopharmaceutical Dispense Unit Identifier
    ContentRule{"113512", kPlacerNumber, id},               // Radiopharmaceutical Lot Identifier
    ContentRule{"113513", kPlacerNumber, id},               // Reagent Vial Identifier
    ContentRule{"113514", kPlacerNumber, id},               // Radionuclide Vial Identifier
    ContentRule{"113516", kPlacerNumber, id},               // Prescription Identifier
    ContentRule{"113724", kInstitutionName, device_name},   // Calibration Responsible Party
    ContentRule{"113870", kObserverName, person},           // Person Name
    ContentRule{"113871", kObserverName, id},               // Person ID
    ContentRule{"113872", kIssuerOfPatientId, place},       // Person ID Issuer
    ContentRule{"113873", kInstitutionName, place},         // Organization Name
    ContentRule{"113877", kStationName, device_name},       // Device Name
    ContentRule{"113880", kDeviceSerialNumber, id},         // Device Serial Number
    ContentRule{"121008", kObserverName, person},           // Person Observer Name
    ContentRule{"121009", kInstitutionName, place},         // Person Observer's Organization Name
    ContentRule{"121013", kStationName, device_name},       // Device Observer Name
    ContentRule{"121016", kDeviceSerialNumber, id},         // Device Observer Serial Number
    ContentRule{"121017", kStationName, place},             // Device Observer Physical Location During Observation
    ContentRule{"121020", kPlacerNumber, id},               // Placer Number
    ContentRule{"121021", kFillerNumber, id},               // Filler Number
    ContentRule{"121022", kAccessionNumber, id},            // Accession Number
    ContentRule{"121029", kPatientName, person},            // Subject Name
    ContentRule{"121030", kPatientId, id},                  // Subject ID
    ContentRule{"121031", kBirthDate, date},                // Subject Birth Date
    ContentRule{"121032", kPatientSex, characteristic},     // Subject Sex
    ContentRule{"121033", kPatientAge, characteristic},     // Subject Age
    ContentRule{"121036", kObserverName, person},           // Mother of fetus
    ContentRule{"121040", kAccessionNumber, id},            // Specimen Accession Number
    ContentRule{"121041", kSpecimenId, id},                 // Specimen Identifier
    ContentRule{"121043", kContainerId, id},                // Slide Identifier
    ContentRule{"121114", kObserverName, person},           // Performing Physician
    ContentRule{"121121", kStationName, device_name},       // Room identification
    ContentRule{"121122", kDeviceSerialNumber, device_id},  // Equipment Identification
    ContentRule{"121148", kDeviceSerialNumber, id},         // Unit Serial Identifier
    ContentRule{"121149", kDeviceSerialNumber, id},         // Lot Identifier
    ContentRule{"121152", kObserverName, person},           // Person administering drug/contrast
    ContentRule{"121193", kStationName, device_name},       // Device Subject Name
    ContentRule{"121196", kDeviceSerialNumber, id},         // Device Subject Serial Number
    ContentRule{"121197", kStationName, place},             // Device Subject Physical Location during observation
    ContentRule{"121354", kContainerId, id},                // Imaged container label
    ContentRule{"121434", kDepartmentName, place},          // Service Delivery Location
    ContentRule{"122128", kPatientLocation, place},         // Patient Transferred From
    ContentRule{"122143", kDeviceSerialNumber, device_id},  // Acquisition Device ID
    ContentRule{"125010", kPlacerNumber, mark},             // Identifier (of a follicle)
    ContentRule{"126070", kTimePointId, label},             // Subject Time Point Identifier
    ContentRule{"126071", kTimePointId, label},             // Protocol Time Point Identifier
    ContentRule{"127122", kStationName, place},             // Animal room identifier
    ContentRule{"128739", kDeviceIdentifier, id},           // UDI
    ContentRule{"128774", kObserverName, id},               // Person Observer's Login Name
    ContentRule{"128775", kObserverName, id},               // Identifier within Person Observer's Role
};
static_assert(std::ranges::is_sorted(kContentRules, {}, &ContentRule::code));

/// LOINC's observations of the patient as a person.
constexpr std::array kLoincRules = {
    ContentRule{"21112-8", kBirthDate, date},             // Birth date
    ContentRule{"21611-9", kPatientAge, characteristic},  // Age - estimated
    ContentRule{"21612-7", kPatientAge, characteristic},  // Age - reported
    ContentRule{"21840-4", kPatientSex, characteristic},  // Sex
    ContentRule{"29553-5", kPatientAge, characteristic},  // Age - calculated
    ContentRule{"30525-0", kPatientAge, characteristic},  // Age
    ContentRule{"42077-8", kPatientTelephone, id},        // Patient phone number
    ContentRule{"45392-8", kPatientName, person},         // First name
    ContentRule{"45394-4", kPatientName, person},         // Last name
    ContentRule{"46098-0", kPatientSex, characteristic},  // Sex
    ContentRule{"54125-0", kPatientName, person},         // Patient name
    ContentRule{"56799-0", kPatientAddress, place},       // Address
    ContentRule{"63900-5", kPatientAge, characteristic},  // Current age or age at death
    ContentRule{"76689-9", kPatientSex, characteristic},  // Sex assigned at birth
};
static_assert(std::ranges::is_sorted(kLoincRules, {}, &ContentRule::code));

/// SNOMED CT's observable entities of the same meaning.
constexpr std::array kSnomedRules = {
    ContentRule{"184095009", kPatientName, person},         // Patient forename
    ContentRule{"184096005", kPatientName, person},         // Patient surname
    ContentRule{"184097001", kPatientAddress, place},       // Patient address
    ContentRule{"184099003", kBirthDate, date},             // Date of birth
    ContentRule{"184100006", kPatientSex, characteristic},  // Patient sex
    ContentRule{"184103008", kPatientTelephone, id},        // Patient telephone number
    ContentRule{"184107009", kPatientId, id},               // Patient hospital number
    ContentRule{"263495000", kPatientSex, characteristic},  // Gender
    ContentRule{"371484003", kPatientName, person},         // Patient name
    ContentRule{"397669002", kPatientAge, characteristic},  // Age
    ContentRule{"398225001", kPatientId, id},               // Medical record number
    ContentRule{"424144002", kPatientAge, characteristic},  // Current chronological age
};
static_assert(std::ranges::is_sorted(kSnomedRules, {}, &ContentRule::code));

struct Scheme {
  std::string_view designator;  ///< PS3.16 table 8-1
  std::span<const ContentRule> rules;
};
constexpr std::array kSchemes = {Scheme{"DCM", kContentRules}, Scheme{"LN", kLoincRules}, Scheme{"SCT", kSnomedRules}};

}  // namespace

const ContentRule* find_content_rule(std::string_view coding_scheme, std::string_view code) {
  const auto scheme = std::ranges::find(kSchemes, coding_scheme, &Scheme::designator);
  if (scheme == kSchemes.end()) return nullptr;
  const auto row = std::ranges::lower_bound(scheme->rules, code, {}, &ContentRule::code);
  return row != scheme->rules.end() && row->code == code ? &*row : nullptr;
}

}  // namespace naru::dicom

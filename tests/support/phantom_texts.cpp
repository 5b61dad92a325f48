#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcitem.h>
#include <dcmtk/dcmdata/dcvrlo.h>
#include <dcmtk/dcmdata/dcvrobow.h>

#include <array>

#include "tests/support/phantom_slice.h"

namespace naru::test {

namespace {

/// Elements of free or personal text that CT and MR files carry, with a harmless value each.
struct TextElement {
  DcmTagKey tag;
  const char* value;
};
const std::array kTexts = {
    TextElement{DCM_AccessionNumber, "A1"},
    TextElement{DCM_Manufacturer, "SIEMENS"},
    TextElement{DCM_InstitutionName, "Phantom Hospital"},
    TextElement{DCM_InstitutionAddress, "Nowhere 1"},
    TextElement{DCM_ReferringPhysicianName, "Referring^Doctor"},
    TextElement{DCM_ReferringPhysicianAddress, "Nowhere 2"},
    TextElement{DCM_ReferringPhysicianTelephoneNumbers, "0"},
    TextElement{DCM_StationName, "STATION1"},
    TextElement{DCM_StudyDescription, "Phantom study"},
    TextElement{DCM_SeriesDescription, "Phantom series"},
    TextElement{DCM_InstitutionalDepartmentName, "Radiology"},
    TextElement{DCM_PhysiciansOfRecord, "Record^Doctor"},
    TextElement{DCM_PerformingPhysicianName, "Performing^Doctor"},
    TextElement{DCM_NameOfPhysiciansReadingStudy, "Reading^Doctor"},
    TextElement{DCM_OperatorsName, "Operator^One"},
    TextElement{DCM_AdmittingDiagnosesDescription, "None"},
    TextElement{DCM_ManufacturerModelName, "Model"},
    TextElement{DCM_DerivationDescription, "None"},
    TextElement{DCM_PatientName, "Phantom^Only"},
    TextElement{DCM_IssuerOfPatientID, "ISSUER"},
    TextElement{DCM_PatientBirthDate, "19000101"},
    TextElement{DCM_PatientSex, "O"},
    TextElement{DCM_PatientAge, "099Y"},
    TextElement{DCM_RETIRED_OtherPatientIDs, "OTHER"},
    TextElement{DCM_OtherPatientNames, "Other^Name"},
    TextElement{DCM_PatientAddress, "Nowhere 3"},
    TextElement{DCM_PatientMotherBirthName, "Mother"},
    TextElement{DCM_MedicalAlerts, "None"},
    TextElement{DCM_Allergies, "None"},
    TextElement{DCM_PatientTelephoneNumbers, "0"},
    TextElement{DCM_EthnicGroup, "None"},
    TextElement{DCM_Occupation, "None"},
    TextElement{DCM_AdditionalPatientHistory, "None"},
    TextElement{DCM_PatientComments, "None"},
    TextElement{DCM_BodyPartExamined, "CHEST"},
    TextElement{DCM_DeviceSerialNumber, "1"},
    TextElement{DCM_SoftwareVersions, "1"},
    TextElement{DCM_ProtocolName, "Protocol"},
    TextElement{DCM_ContrastBolusAgent, "None"},
    TextElement{DCM_RETIRED_AcquisitionComments, "None"},
    TextElement{DCM_StudyID, "1"},
    TextElement{DCM_ImageComments, "None"},
    TextElement{DCM_RequestingPhysician, "Requesting^Doctor"},
    TextElement{DCM_RequestingService, "None"},
    TextElement{DCM_RequestedProcedureDescription, "None"},
    TextElement{DCM_CurrentPatientLocation, "None"},
    TextElement{DCM_PatientState, "None"},
    TextElement{DCM_VisitComments, "None"},
    TextElement{DCM_PerformedProcedureStepDescription, "None"},
    TextElement{DCM_RequestedProcedureComments, "None"},
};

void put_private_elements(DcmItem& item, const std::string& token, int depth) {
  item.putAndInsertString(DcmTag(0x0009, 0x0010, EVR_LO), token.c_str());
  item.putAndInsertString(DcmTag(0x0009, 0x1001, EVR_LO), token.c_str());
  item.putAndInsertString(DcmTag(0x0009, 0x1002, EVR_PN), token.c_str());
  const std::string even = token.size() % 2 == 0 ? token : token + " ";
  item.putAndInsertUint8Array(DcmTag(0x0009, 0x1003, EVR_UN), reinterpret_cast<const Uint8*>(even.data()),
                              static_cast<unsigned long>(even.size()));
  item.putAndInsertUint8Array(DcmTag(0x0009, 0x1004, EVR_OB), reinterpret_cast<const Uint8*>(even.data()),
                              static_cast<unsigned long>(even.size()));
  if (depth == 0) return;
  DcmItem* nested = nullptr;
  if (item.findOrCreateSequenceItem(DcmTag(0x0009, 0x1005, EVR_SQ), nested).good()) {
    put_private_elements(*nested, token, depth - 1);
  }
}

void put_nested_texts(DcmItem& item, const std::string& token) {
  for (const DcmTagKey& sequence : {DCM_RequestAttributesSequence, DCM_ReferencedStudySequence}) {
    DcmItem* nested = nullptr;
    if (item.findOrCreateSequenceItem(sequence, nested).bad()) continue;
    nested->putAndInsertString(DCM_ScheduledProcedureStepDescription, token.c_str());
    nested->putAndInsertString(DCM_RequestedProcedureID, token.c_str());
    nested->putAndInsertString(DCM_PatientName, token.c_str());
    DcmItem* deeper = nullptr;
    if (nested->findOrCreateSequenceItem(DCM_ScheduledProtocolCodeSequence, deeper).bad()) continue;
    deeper->putAndInsertString(DCM_CodeMeaning, token.c_str());
  }
}

}  // namespace

void put_texts(const PhantomOptions& options, DcmDataset& data_set) {
  const bool has_token = !options.token.empty();
  data_set.putAndInsertString(DCM_SpecificCharacterSet, "ISO_IR 192");
  for (const TextElement& text : kTexts) {
    data_set.putAndInsertString(text.tag, has_token ? options.token.c_str() : text.value);
  }
  data_set.putAndInsertString(DCM_PatientID, (options.patient_id + options.token).c_str());
  if (!has_token) return;
  put_nested_texts(data_set, options.token);
  put_private_elements(data_set, options.token, 2);
}

}  // namespace naru::test

"""Studies, series and the modules that all objects of the corpus share (PS3.3 C.7)."""
import dataclasses
import datetime

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

import deid_people
from deid_people import Planted


@dataclasses.dataclass(frozen=True)
class Device:
    manufacturer: str
    model: str
    serial: str
    software: str
    root: str  # of its UIDs; holds the serial number as scanners of this maker have it

    @property
    def class_uid(self):
        return f"{self.root}.0.1"


SOMATOM = Device("SIEMENS", "SOMATOM Force", "75591", "syngo CT VB20A", "1.3.12.2.1107.5.1.4.75591")
SKYRA = Device("SIEMENS", "Skyra", "46113", "syngo MR E11", "1.3.12.2.1107.5.2.19.46113")
BIOGRAPH = Device("SIEMENS", "Biograph128", "81027", "VG60A", "1.3.12.2.1107.5.1.4.81027")
REVOLUTION = Device("GE MEDICAL SYSTEMS", "Revolution CT", "REV617555", "revo_ct_22bc.50",
                    "1.2.840.113619.2.416.617555")
SIGNA = Device("GE MEDICAL SYSTEMS", "SIGNA Premier", "SGP30417", "RX29.1", "1.2.840.113619.2.495.30417")
DISCOVERY = Device("GE MEDICAL SYSTEMS", "Discovery MI", "DMI44719", "pet_coreload.63", "1.2.840.113619.2.290.44719")
INGENIA = Device("Philips Medical Systems", "Ingenia", "78417", "5.3.0", "1.3.46.670589.11.78417.5.0")
GEMINI = Device("Philips Medical Systems", "Gemini TF", "23355", "3.5.2", "1.3.46.670589.28.23355.2")
S2000 = Device("SIEMENS", "S2000", "200417", "VE31B", "1.2.840.113680.200417")
EPIQ = Device("Philips Medical Systems", "EPIQ 7G", "US417B0993", "EPIQ 7G_4.0", "1.3.46.670589.14.417093")
DRX = Device("Carestream Health", "DRX-Evolution", "CS-30417", "5.7.412", "1.3.51.0.7.30417")
WORKSTATION = Device("Kestrel Imaging", "Reader", "KI-55417", "9.2", "1.2.826.0.1.3680043.9.5417")


class Study:
    def __init__(self, patient, number):
        self.patient, self.hospital, self.number = patient, patient.hospital, number
        days = (0, *patient.intervals)[number]
        self.date = patient.first_study + datetime.timedelta(days=days)
        self.da, self.tm = self.date.strftime("%Y%m%d"), "093405"
        self.accession = f"A{patient.code[:2].upper()}{self.da[2:]}77"
        self.id = f"ST{abs(sum(map(ord, patient.code))) * 31 + number}"
        self.uid = f"1.2.826.0.1.3680043.8.417.{sum(map(ord, patient.code))}.{self.da}.{number + 1}"
        self.related = []  # series of other studies, for RelatedSeriesSequence
        self.series = []


class Series:
    """One series to be written. Attributes of the study are at hand under their names."""

    def __init__(self, study, device, modality, texts, private=None, syntax=None, is_diffusion=False, reference=None):
        self.study, self.device, self.modality, self.texts = study, device, modality, texts
        self.private, self.syntax, self.is_diffusion = private, syntax, is_diffusion
        self.number = len(study.series) + 1
        self.patient, self.hospital, self.date, self.da = study.patient, study.hospital, study.date, study.da
        self.accession, self.last = study.accession, deid_people.romanised(study.patient.name)[1].replace("ü",
                                                                                                          "ue").replace(
                                                                                                              "ś", "s")
        self.uid = self.make_uid(f"{self.number}.1")
        self.frame_of_reference = reference or self.make_uid(f"{self.number}.2")
        self.description, self.protocol = texts.short(self), texts.short(self)
        self.instances = []
        study.series.append(self)

    def make_uid(self, suffix):
        second = sum(map(ord, self.patient.code)) % 100
        return f"{self.device.root}.{self.da}0934{second:02}.{self.study.number + 1}.{suffix}"

    def instance_uid(self, k):
        return self.make_uid(f"{self.number}.3.{k + 1}")

    def related_uid(self, name):
        return self.make_uid(f"{self.number}.9.{sum(map(ord, name))}")


def item(**values):
    ds = Dataset()
    for name, value in values.items():
        setattr(ds, name, value)
    return ds


def code(value, scheme, meaning):
    return Sequence([item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)])


def patient_module(ds, p):
    if p.charset:
        ds.SpecificCharacterSet = list(p.charset) if len(p.charset) > 1 else p.charset[0]
    ds.PatientName, ds.PatientID, ds.IssuerOfPatientID = p.name, p.id, p.issuer
    ds.PatientBirthDate, ds.PatientBirthTime, ds.PatientSex = p.birth, "0417", p.sex
    ds.OtherPatientNames, ds.OtherPatientIDs = p.other_name, [p.id + "A", p.national]
    ds.PatientBirthName, ds.PatientMotherBirthName = p.other_name, p.other_name
    ds.PatientAddress, ds.PatientTelephoneNumbers = p.address, p.telephone
    ds.OtherPatientIDsSequence = Sequence([
        item(PatientID=p.national, IssuerOfPatientID=p.issuer, TypeOfPatientID="TEXT")])
    ds.EthnicGroup = "B3"


def patient_study_module(ds, s):
    p, texts = s.patient, s.texts
    ds.PatientAge, ds.PatientSize, ds.PatientWeight = p.age, str(p.size), str(p.weight)
    ds.AdditionalPatientHistory, ds.PatientComments = texts.long(s), texts.long(s)
    ds.Allergies, ds.MedicalAlerts, ds.SmokingStatus = texts.safe(), texts.safe(), "NO"
    ds.Occupation, ds.MilitaryRank, ds.PatientReligiousPreference = "Baker", "Corporal", "Quaker"
    ds.CountryOfResidence, ds.RegionOfResidence = "Farland", "Nearshire"
    ds.SpecialNeeds, ds.PatientState = texts.safe(), texts.safe()
    ds.AdmissionID, ds.AdmittingDate, ds.AdmittingTime = "ADM" + s.accession, s.da, "071500"
    ds.AdmittingDiagnosesDescription, ds.VisitComments = texts.safe(), texts.long(s)
    if p.sex == "F":
        ds.PregnancyStatus, ds.LastMenstrualDate = 4, s.da


def study_module(ds, s):
    study, h = s.study, s.hospital
    ds.StudyInstanceUID, ds.StudyDate, ds.StudyTime, ds.StudyID = study.uid, study.da, study.tm, study.id
    ds.AccessionNumber, ds.StudyDescription = study.accession, s.texts.short(s)
    ds.ReferringPhysicianName, ds.PhysiciansOfRecord = h.referring, h.referring
    ds.NameOfPhysiciansReadingStudy, ds.PerformingPhysicianName = h.reading, h.performing
    ds.ReferringPhysicianTelephoneNumbers = h.telephone
    ds.ProcedureCodeSequence = code("P5-08100", "SRT", "Imaging procedure")
    ds.ReferringPhysicianIdentificationSequence = Sequence([
        item(PersonIdentificationCodeSequence=code("417", "99HIS",
                                                   h.referring.split("=")[0].split("^")[0]), InstitutionName=h.name)])
    ds.ReferencedPatientSequence = Sequence([item(ReferencedSOPClassUID="1.2.840.10008.3.1.2.1.1",
                                                  ReferencedSOPInstanceUID=study.uid + ".7")])
    ds.ReferencedStudySequence = Sequence([item(ReferencedSOPClassUID="1.2.840.10008.3.1.2.3.1",
                                                ReferencedSOPInstanceUID=study.uid + ".8")])
    ds.RequestingPhysician, ds.RequestingService = h.referring, Planted("Urology outpatients")
    ds.RequestedProcedureDescription, ds.ReasonForStudy = s.texts.short(s), s.texts.short(s)
    ds.StudyComments, ds.IssueDateOfImagingServiceRequest = s.texts.long(s), study.da
    ds.PlacerOrderNumberImagingServiceRequest = "PL" + s.accession
    ds.FillerOrderNumberImagingServiceRequest = "FI" + s.accession


def series_module(ds, s):
    ds.Modality, ds.SeriesInstanceUID, ds.SeriesNumber = s.modality, s.uid, s.number
    ds.SeriesDate, ds.SeriesTime = s.da, "093510.250000"
    ds.SeriesDescription, ds.ProtocolName = s.description, s.protocol
    ds.OperatorsName, ds.PatientPosition = s.hospital.operator, "HFS"
    ds.PerformedProcedureStepStartDate, ds.PerformedProcedureStepStartTime = s.da, "093400"
    ds.PerformedProcedureStepEndDate, ds.PerformedProcedureStepEndTime = s.da, "101500"
    ds.PerformedProcedureStepID, ds.PerformedProcedureStepDescription = "PPS" + s.accession[2:], s.texts.short(s)
    ds.CommentsOnThePerformedProcedureStep = s.texts.long(s)
    ds.RequestAttributesSequence = Sequence([item(
        RequestedProcedureID="RP" + s.accession[2:], ScheduledProcedureStepID="SPS" + s.accession[2:],
        RequestedProcedureDescription=s.texts.short(s), ScheduledProcedureStepDescription=s.texts.short(s),
        ReasonForTheRequestedProcedure=s.texts.short(s), AccessionNumber=s.accession)])
    ds.ReferencedPerformedProcedureStepSequence = Sequence([item(ReferencedSOPClassUID="1.2.840.10008.3.1.2.3.3",
                                                                 ReferencedSOPInstanceUID=s.related_uid("pps"))])
    for other in s.study.related:
        ds.RelatedSeriesSequence = Sequence([item(
            StudyInstanceUID=other.study.uid, SeriesInstanceUID=other.uid,
            PurposeOfReferenceCodeSequence=code("122401", "DCM", "Same anatomy imaged at multiple time points"))])


def equipment_module(ds, s):
    d, h = s.device, s.hospital
    ds.Manufacturer, ds.ManufacturerModelName, ds.SoftwareVersions = d.manufacturer, d.model, d.software
    ds.DeviceSerialNumber, ds.StationName, ds.InstitutionName = d.serial, h.station, h.name
    ds.InstitutionAddress, ds.InstitutionalDepartmentName = h.address, h.department
    ds.DateOfLastCalibration, ds.TimeOfLastCalibration = [s.da, s.study.patient.first_study.strftime("%Y%m%d")], [
        "060000", "061500"]
    ds.GantryID, ds.DeviceUID = "GANTRY-" + d.serial, d.class_uid
    ds.ContributingEquipmentSequence = Sequence([
        item(PurposeOfReferenceCodeSequence=code("109103", "DCM", "Modifying Equipment"),
             Manufacturer="Kestrel Imaging", InstitutionName=h.name, StationName=h.station, OperatorsName=h.operator,
             ContributionDateTime=s.da + "103000.000000+0100", ContributionDescription=s.texts.short(s))])


def sop_common_module(ds, sop_class, uid, number, s):
    ds.SOPClassUID, ds.SOPInstanceUID, ds.InstanceNumber = sop_class, uid, number
    ds.InstanceCreationDate, ds.InstanceCreationTime = s.da, "093622"
    ds.InstanceCreatorUID, ds.ContentDate, ds.ContentTime = s.device.class_uid + ".4", s.da, "093622.500000"
    old = item(PatientName=s.patient.other_name, PatientID=s.patient.id + "A", AccessionNumber=s.accession)
    ds.OriginalAttributesSequence = Sequence([
        item(SourceOfPreviousValues=s.hospital.name, AttributeModificationDateTime=s.da + "111500",
             ModifyingSystem=s.hospital.station, ReasonForTheAttributeModification="CORRECT",
             ModifiedAttributesSequence=Sequence([old]))])


def common(s, sop_class, k, uid=None):
    """A data set with everything but what the object itself is made of."""
    ds = Dataset()
    patient_module(ds, s.patient)
    patient_study_module(ds, s)
    study_module(ds, s)
    series_module(ds, s)
    equipment_module(ds, s)
    sop_common_module(ds, sop_class, uid or s.instance_uid(k), k + 1, s)
    if s.private:
        s.private(ds, s, k)
    return ds

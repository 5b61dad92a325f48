"""Makes what the de-identification benchmark reads; needs pydicom.

  inputs.py header FOLDER            gives each file of a generated series the header of a clinical one, in place
  inputs.py items FOLDER SHAPE ITEMS COPIES
                                     writes COPIES files of ITEMS items each; SHAPE is nested or flat
"""
import pathlib
import random
import struct
import sys

import pydicom
from pydicom.dataset import Dataset

CSA_HEADER_BYTES = 12_000  # of an image of a Siemens MR scanner

# Every text below belongs to nobody. {n} is the patient's number, {family} its name.
FAMILIES = ("Hong", "Kang")
PATIENT = {
    "AccessionNumber": "ACC2020{n:04}", "PatientName": "{family}^Gildong^^Dr", "PatientID": "MRN-{n:06}-7",
    "PatientBirthDate": "19571103", "PatientSex": "M", "PatientAge": "062Y", "PatientSize": "1.74",
    "PatientWeight": "71.5",
    "StudyDate": "20200102", "SeriesDate": "20200102", "AcquisitionDate": "20200102", "ContentDate": "20200102",
    "StudyTime": "101112.500000", "SeriesTime": "101215.250000", "AcquisitionTime": "101218.750000",
    "ContentTime": "101219.000000", "InstanceCreationDate": "20200102", "InstanceCreationTime": "101220",
    "AcquisitionDateTime": "20200102101218.750000", "TimezoneOffsetFromUTC": "+0900",
    "InstitutionName": "Hangang General Hospital", "InstitutionAddress": "12 Riverside Road, Seoul",
    "ReferringPhysicianName": "Kim^Minsu", "PerformingPhysicianName": "Park^Jiyoung", "OperatorsName": "Lee^Soojin",
    "StationName": "CTSCAN02", "StudyDescription": "Chest with contrast, {family} Gildong 20200102",
    "SeriesDescription": "Thorax 1.0 B31f MRN-{n:06}-7", "ProtocolName": "Thorax routine", "StudyID": "S{n:04}",
    "DeviceSerialNumber": "64012", "SoftwareVersions": ["syngo CT 2012B", "VA44A"], "PatientPosition": "HFS",
    "DateOfLastCalibration": "20191230", "TimeOfLastCalibration": "070000", "PositionReferenceIndicator": "SN",
    "AdmissionID": "ADM{n:05}", "RequestedContrastAgent": "Iomeprol", "ImageComments": "Seen by Dr Kim on 02.01.2020",
    "PerformedProcedureStepStartDate": "20200102", "PerformedProcedureStepStartTime": "101112",
    "PerformedProcedureStepID": "PPS{n:05}", "RequestedProcedureID": "RP{n:05}", "ContrastBolusVolume": "80",
    "ContrastBolusStartTime": "101150", "ContrastBolusTotalDose": "32", "LossyImageCompression": "00",
    "WindowCenter": ["40", "-600"], "WindowWidth": ["400", "1200"], "WindowCenterWidthExplanation": ["SOFT", "LUNG"],
    "BurnedInAnnotation": "NO", "ConversionType": "WSD", "AcquisitionNumber": "1",
    "IrradiationEventUID": "2.999.7.{n}.1", "SynchronizationFrameOfReferenceUID": "2.999.7.{n}.2",
}
ACQUISITION = {
    "CT": {"ScanOptions": "SPIRAL", "KVP": "120", "DataCollectionDiameter": "500", "ReconstructionDiameter": "360",
           "DistanceSourceToDetector": "1085.6", "DistanceSourceToPatient": "595", "GantryDetectorTilt": "0",
           "TableHeight": "141", "RotationDirection": "CW", "ExposureTime": "500", "XRayTubeCurrent": "211",
           "Exposure": "105", "FilterType": "FLAT", "GeneratorPower": "25", "FocalSpots": "1.2",
           "ConvolutionKernel": "B31f", "RevolutionTime": 0.5, "SingleCollimationWidth": 0.6,
           "TotalCollimationWidth": 38.4, "TableSpeed": 46.0, "SpiralPitchFactor": 0.6, "CTDIvol": 7.1,
           "ExposureModulationType": "XYZ_EC"},
    "MR": {"ScanningSequence": ["SE", "EP"], "SequenceVariant": "SK", "ScanOptions": "PFP", "MRAcquisitionType": "2D",
           "SequenceName": "ep_b1000t", "AngioFlag": "N", "RepetitionTime": "4800", "EchoTime": "89",
           "NumberOfAverages": "1", "ImagingFrequency": "123.25", "ImagedNucleus": "1H", "EchoNumbers": "1",
           "MagneticFieldStrength": "3", "NumberOfPhaseEncodingSteps": "127", "EchoTrainLength": "1",
           "PercentSampling": "100", "PercentPhaseFieldOfView": "100", "PixelBandwidth": "1502",
           "TransmitCoilName": "Body", "InPlanePhaseEncodingDirection": "COL", "FlipAngle": "90",
           "VariableFlipAngleFlag": "N", "SAR": "0.13", "dBdt": "0"},
}


def filled(values, **facts):
    return {key: value.format(**facts) if isinstance(value, str) else value for key, value in values.items()}


def item(**elements):
    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def code(value, scheme, meaning):
    return [item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)]


def reference(dataset, uid, **more):
    return item(ReferencedSOPClassUID=dataset.SOPClassUID, ReferencedSOPInstanceUID=uid, **more)


def add_sequences(dataset, patient):
    """What a modality copies from its worklist, what an image refers to, and a correction of the name: up to 3 deep."""
    uid = dataset.StudyInstanceUID
    procedure = code("RPID16", "RADLEX", "CT CHEST W IV CONTRAST")
    study = item(ReferencedSOPClassUID="1.2.840.10008.3.1.2.3.1", ReferencedSOPInstanceUID=f"{uid}.5")
    dataset.ReferencedStudySequence = [study]
    dataset.RequestAttributesSequence = [
        item(ScheduledProcedureStepDescription=f"Chest for {FAMILIES[patient]}", ScheduledProcedureStepID="SPS1",
             RequestedProcedureID=f"RP{patient:05}", RequestedProcedureDescription="CT chest",
             ScheduledProtocolCodeSequence=procedure, RequestedProcedureCodeSequence=procedure,
             ReferencedStudySequence=[study])]
    dataset.ProcedureCodeSequence = procedure
    dataset.ReferencedImageSequence = [
        reference(dataset, f"{uid}.6.{n}", PurposeOfReferenceCodeSequence=code("121311", "DCM", "Localizer"))
        for n in range(3)]
    dataset.SourceImageSequence = [reference(dataset, f"{uid}.7")]
    dataset.AnatomicRegionSequence = code("T-D3000", "SRT", "Chest")
    dataset.OtherPatientIDsSequence = [
        item(PatientID=f"OLD{patient:05}", IssuerOfPatientID="HIS", TypeOfPatientID="TEXT")]
    dataset.ContributingEquipmentSequence = [
        item(Manufacturer="Maker", InstitutionName="Hangang General Hospital", StationName="PACS1",
             ContributionDateTime="20200102110000",
             PurposeOfReferenceCodeSequence=code("109103", "DCM", "Modifying Equipment"))]
    dataset.OriginalAttributesSequence = [
        item(AttributeModificationDateTime="20200103080000", ModifyingSystem="PACS1", SourceOfPreviousValues="HIS",
             ReasonForTheAttributeModification="CORRECT",
             ModifiedAttributesSequence=[item(PatientName=f"{FAMILIES[patient]}^Gil", PatientID=f"OLD{patient:05}")])]


def add_private_blocks(dataset, patient, modality, noise):
    siemens = dataset.private_block(0x0019, "SIEMENS CT VA0  COAD" if modality == "CT" else "SIEMENS MR HEADER",
                                    create=True)
    for element in range(0x08, 0x10):
        siemens.add_new(element, "DS", f"{element}.25")
    identity = dataset.private_block(0x0009, "GEMS_IDEN_01", create=True)
    identity.add_new(0x01, "LO", "GE_LIGHTSPEED_QX")
    identity.add_new(0x02, "SH", f"CT{patient}")
    identity.add_new(0x27, "SL", 1577927478)
    identity.add_new(0xE3, "UI", f"{dataset.StudyInstanceUID}.8")
    acquisition = dataset.private_block(0x0019, "GEMS_ACQU_01", create=True)
    for element in range(0x23, 0x2B):
        acquisition.add_new(element, "DS", f"{element}")
    if modality == "MR":
        header = dataset.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
        header.add_new(0x08, "CS", "IMAGE NUM 4")
        header.add_new(0x09, "LO", "20200102")
        header.add_new(0x10, "OB", b"SV10\x04\x03\x02\x01" + noise)
    named = dataset.private_block(0x0033, "MAKER OF NAMES", create=True)
    named.add_new(0x01, "LO", f"{FAMILIES[patient]}^Gildong")


def write_headers(folder):
    """All files of one series, of patient number N where the phantom's is PHANTOM-N."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    for number, path in enumerate(paths):
        dataset = pydicom.dcmread(path)
        patient = int(dataset.PatientID.rsplit("-", 1)[1])
        noise = random.Random(number).randbytes(CSA_HEADER_BYTES)
        texts = filled(PATIENT, n=patient, family=FAMILIES[patient])
        for keyword, value in {**texts, **ACQUISITION[dataset.Modality]}.items():
            setattr(dataset, keyword, value)
        dataset.SliceLocation = str(dataset.ImagePositionPatient[2])
        add_sequences(dataset, patient)
        add_private_blocks(dataset, patient, dataset.Modality, noise)
        dataset.save_as(path)


def element(tag, vr, value):
    """An explicit little-endian one. Padded with a space, or NUL in a UID."""
    value += (b"\0" if vr == b"UI" else b" ") * (len(value) % 2)
    if vr in (b"SQ", b"OB"):
        return struct.pack("<HH2s2xI", tag >> 16, tag & 0xFFFF, vr, len(value)) + value
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


OPEN_SEQUENCE = struct.pack("<HH2s2xI", 0x0040, 0xA168, b"SQ", 0xFFFFFFFF)  # Concept Code Sequence: not in the table
OPEN_ITEM, CLOSE_ITEM = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF), struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
CLOSE_SEQUENCE = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def item_elements(number):
    return element(0x00080100, b"SH", b"%08d" % number) + element(0x00080104, b"LO", b"Mediastinum")


def nested_items(count):
    """Each item holds a sequence of the next one."""
    begins = [OPEN_SEQUENCE + OPEN_ITEM + item_elements(number) for number in range(count)]
    return b"".join(begins) + (CLOSE_ITEM + CLOSE_SEQUENCE) * count


def flat_items(count):
    """One sequence; the twenty bytes that each item thus lacks are filled by a value."""
    filler = element(0x00080102, b"SH", b"99BENCHMARKS")
    items = [OPEN_ITEM + item_elements(number)[:16] + filler + item_elements(number)[16:] + CLOSE_ITEM
             for number in range(count)]
    return OPEN_SEQUENCE + b"".join(items) + CLOSE_SEQUENCE


ITEMS_OF_SHAPE = {"nested": nested_items, "flat": flat_items}


def write_items(folder, shape, count, copies):
    folder.mkdir(parents=True)
    items = ITEMS_OF_SHAPE[shape](count)
    sop_class = b"1.2.840.10008.5.1.4.1.1.88.33"  # Comprehensive SR
    for copy in range(copies):
        uid = b"2.999.8.1.1.%d" % (copy + 1)
        meta = b"".join([element(0x00020001, b"OB", b"\0\1"), element(0x00020002, b"UI", sop_class),
                         element(0x00020003, b"UI", uid), element(0x00020010, b"UI", b"1.2.840.10008.1.2.1"),
                         element(0x00020012, b"UI", b"2.999.8.9")])
        header = b"".join([
            element(0x00080016, b"UI", sop_class), element(0x00080018, b"UI", uid),
            element(0x00080020, b"DA", b"20200102"), element(0x00080060, b"CS", b"SR"),
            element(0x00100010, b"PN", b"Hong^Gildong"), element(0x00100020, b"LO", b"MRN-000001-7"),
            element(0x0020000D, b"UI", b"2.999.8.1"), element(0x0020000E, b"UI", b"2.999.8.1.1"),
            element(0x00200013, b"IS", b"%d" % (copy + 1))])
        (folder / f"{copy:04}.dcm").write_bytes(
            bytes(128) + b"DICM" + element(0x00020000, b"UL", struct.pack("<I", len(meta))) + meta + header + items)


def main():
    command, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if command == "header":
        write_headers(folder)
    else:
        write_items(folder, sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))


if __name__ == "__main__":
    main()

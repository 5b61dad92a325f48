"""Objects of the corpus that refer to images or hold documents: SR, SEG, RTSTRUCT, presentation state, KO, PDF."""
import zlib

import numpy
from pydicom.sequence import Sequence

from deid_headers import code, common, item
from deid_images import SIZE, pixel_module
from deid_people import Planted, own_script, romanised

BASIC_SR, COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.11", "1.2.840.10008.5.1.4.1.1.88.33"
KO = "1.2.840.10008.5.1.4.1.1.88.59"
SEG, RTSTRUCT = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.481.3"
GSPS, PDF = "1.2.840.10008.5.1.4.1.1.11.1", "1.2.840.10008.5.1.4.1.1.104.1"


def sop_reference(ds):
    return item(ReferencedSOPClassUID=ds.SOPClassUID, ReferencedSOPInstanceUID=ds.SOPInstanceUID)


def evidence(images):
    """Hierarchical SOP instance reference: study, series, instances."""
    series = item(SeriesInstanceUID=images[0].SeriesInstanceUID, ReferencedSOPSequence=Sequence([
        sop_reference(i) for i in images]))
    return Sequence([item(StudyInstanceUID=images[0].StudyInstanceUID, ReferencedSeriesSequence=Sequence([series]))])


def content(kind, relationship, concept, **values):
    node = item(ValueType=kind, **values)
    if relationship:
        node.RelationshipType = relationship
    if concept:
        node.ConceptNameCodeSequence = code(*concept)
    return node


def observer_context(s):
    h = s.hospital
    return [
        content("CODE", "HAS OBS CONTEXT", ("121005", "DCM", "Observer Type"), ConceptCodeSequence=code(
            "121006", "DCM", "Person")),
        content("PNAME", "HAS OBS CONTEXT", ("121008", "DCM", "Person Observer Name"), PersonName=h.reading),
        content("TEXT", "HAS OBS CONTEXT", ("121009", "DCM", "Person Observer's Organization Name"),
                TextValue=Planted(f"[[{h.name}]]")),
        content("UIDREF", "HAS OBS CONTEXT", ("121012", "DCM", "Device Observer UID"), UID=s.device.class_uid + ".5"),
        content("TEXT", "HAS OBS CONTEXT", ("121016", "DCM", "Device Observer Serial Number"),
                TextValue=Planted(f"[[{s.device.serial}]]")),
        content("TEXT", "HAS OBS CONTEXT", ("121029", "DCM", "Subject Name"),
                TextValue=Planted(f"[[{' '.join(reversed(romanised(s.patient.name)))}]]")),
        content("DATE", "HAS OBS CONTEXT", ("121031", "DCM", "Subject Birth Date"), Date=s.patient.birth), ]


def narrative(s):
    """What a radiologist dictates."""
    first, last = romanised(s.patient.name)
    text = f"[[{first} {last}]], seen on [[{s.date.isoformat()}]] for Dr. [[{romanised(s.hospital.referring)[1]}]]. "
    text += "Hypodense lesion of 23 mm in segment VII, no lymphadenopathy. "
    if s.patient.language in ("ko", "ja", "zh"):
        stays = {"ko": "간 병변 추적 요망", "ja": "肝腫瘤 経過観察", "zh": "肝脏病灶 随访"}
        text += f"[[{own_script(s.patient)}]] {stays[s.patient.language]}"
    return Planted(text)


def request(s):
    return item(StudyInstanceUID=s.study.uid, ReferencedStudySequence=Sequence([]), AccessionNumber=s.accession,
                RequestedProcedureID="RP1" + s.accession, PlacerOrderNumberImagingServiceRequest="PL" + s.accession,
                FillerOrderNumberImagingServiceRequest="FI" + s.accession,
                RequestedProcedureDescription=s.texts.short(s), RequestedProcedureCodeSequence=code(
                    "P5-08100", "SRT", "Imaging procedure"))


def sr_document(s, sop_class, k, images, title):
    ds = common(s, sop_class, k)
    ds.CompletionFlag, ds.VerificationFlag = "COMPLETE", "VERIFIED"
    ds.VerifyingObserverSequence = Sequence([
        item(VerifyingOrganization=s.hospital.name, VerificationDateTime=s.da + "140000",
             VerifyingObserverName=s.hospital.reading, VerifyingObserverIdentificationCodeSequence=code(
                 "417", "99HIS",
                 romanised(s.hospital.reading)[1]))])
    ds.ReferencedRequestSequence = Sequence([request(s)])
    ds.PerformedProcedureCodeSequence = Sequence([])
    ds.ReferencedPerformedProcedureStepSequence = Sequence([])
    ds.CurrentRequestedProcedureEvidenceSequence = evidence(images)
    ds.ValueType, ds.ConceptNameCodeSequence, ds.ContinuityOfContent = "CONTAINER", code(*title), "SEPARATE"
    ds.ContentTemplateSequence = Sequence([item(MappingResource="DCMR", TemplateIdentifier="2000")])
    findings = content("CONTAINER", "CONTAINS", ("121070", "DCM", "Findings"), ContinuityOfContent="SEPARATE")
    findings.ContentSequence = Sequence([
        content("TEXT", "CONTAINS", ("121071", "DCM", "Finding"), TextValue=narrative(s)),
        content("TEXT", "CONTAINS", ("121071", "DCM", "Finding"),
                TextValue=Planted("No pneumothorax. Heart size normal.")),
        content("CODE", "CONTAINS", ("121071", "DCM", "Finding"), ConceptCodeSequence=code("M-03000", "SRT", "Mass")),
        content("DATETIME", "CONTAINS", ("111060", "DCM", "Study Date"), DateTime=s.da + "093405"),
        content("IMAGE", "CONTAINS", ("121080", "DCM", "Best illustration of finding"), ReferencedSOPSequence=Sequence([
            sop_reference(images[0])])), ])
    ds.ContentSequence = Sequence([
        content("CODE", "HAS CONCEPT MOD", ("121049", "DCM", "Language of Content Item and Descendants"),
                ConceptCodeSequence=code("eng", "RFC5646", "English"))] + observer_context(s) + [findings])
    return ds, findings


def basic_sr(s, k, images):
    return sr_document(s, BASIC_SR, k, images, ("18748-4", "LN", "Diagnostic Imaging Report"))[0]


def comprehensive_sr(s, k, images):
    ds, findings = sr_document(s, COMPREHENSIVE_SR, k, images, ("18748-4", "LN", "Diagnostic Imaging Report"))
    measurement = content("NUM", "CONTAINS", ("G-D7FE", "SRT", "Length"))
    measurement.MeasuredValueSequence = Sequence([item(
        NumericValue="23.4", MeasurementUnitsCodeSequence=code("mm", "UCUM", "millimeter"))])
    place = content("SCOORD", "INFERRED FROM", ("121055", "DCM", "Path"), GraphicType="POLYLINE", GraphicData=[
        10.5, 11.5, 20.25, 30.0])
    place.ContentSequence = Sequence([
        content("IMAGE", "SELECTED FROM", None, ReferencedSOPSequence=Sequence([sop_reference(images[-1])]))])
    comment = content("TEXT", "HAS PROPERTIES", ("121106", "DCM", "Comment"),
                      TextValue=Planted(f"Measured by [[{romanised(s.hospital.operator)[1]}]] on series 2"))
    measurement.ContentSequence = Sequence([place, comment])
    findings.ContentSequence.append(measurement)
    return ds


def key_object(s, k, images):
    ds = common(s, KO, k)
    ds.ReferencedRequestSequence = Sequence([request(s)])
    ds.ReferencedPerformedProcedureStepSequence = Sequence([])
    ds.CurrentRequestedProcedureEvidenceSequence = evidence(images)
    ds.ValueType, ds.ConceptNameCodeSequence, ds.ContinuityOfContent = "CONTAINER", code(
        "113000", "DCM", "Of Interest"), "SEPARATE"
    ds.ContentTemplateSequence = Sequence([item(MappingResource="DCMR", TemplateIdentifier="2010")])
    ds.ContentSequence = Sequence([
        content("PNAME", "HAS OBS CONTEXT", ("121008", "DCM", "Person Observer Name"), PersonName=s.hospital.reading),
        content("TEXT", "CONTAINS", ("113012", "DCM", "Key Object Description"), TextValue=s.texts.long(s)),
        *[content("IMAGE", "CONTAINS", None, ReferencedSOPSequence=Sequence([sop_reference(i)])) for i in images]])
    return ds


def segmentation(s, k, images):
    ds = common(s, SEG, k)
    ds.ImageType, ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = ["DERIVED",
                                                                           "PRIMARY"], images[0].FrameOfReferenceUID, ""
    ds.ContentLabel, ds.ContentDescription, ds.ContentCreatorName = "LIVER", s.texts.short(s), s.hospital.operator
    ds.SegmentationType, ds.NumberOfFrames, ds.LossyImageCompression = "BINARY", len(images), "00"
    ds.SegmentSequence = Sequence([
        item(SegmentNumber=1, SegmentLabel="Liver", SegmentDescription=Planted("Liver parenchyma"),
             SegmentAlgorithmType="MANUAL", SegmentedPropertyCategoryCodeSequence=code(
                 "T-D0050", "SRT", "Tissue"), SegmentedPropertyTypeCodeSequence=code(
                     "T-62000", "SRT", "Liver"), TrackingID="lesion 1", TrackingUID=s.related_uid("track"))])
    organization = s.related_uid("dimension")
    ds.DimensionOrganizationSequence = Sequence([item(DimensionOrganizationUID=organization)])
    ds.DimensionIndexSequence = Sequence([item(DimensionOrganizationUID=organization, DimensionIndexPointer=0x00200032,
                                               FunctionalGroupPointer=0x00209113)])
    ds.ReferencedSeriesSequence = Sequence([
        item(SeriesInstanceUID=images[0].SeriesInstanceUID, ReferencedInstanceSequence=Sequence([
            sop_reference(i) for i in images]))])
    purpose = code("121322", "DCM", "Source image for image processing operation")
    frames = []
    for number, image in enumerate(images):
        source = sop_reference(image)
        source.PurposeOfReferenceCodeSequence = purpose
        frames.append(
            item(
                FrameContentSequence=Sequence([
                    item(DimensionIndexValues=[number + 1])]), PlanePositionSequence=Sequence([
                        item(ImagePositionPatient=list(image.ImagePositionPatient))]),
                SegmentIdentificationSequence=Sequence([
                    item(ReferencedSegmentNumber=1)]), DerivationImageSequence=Sequence([
                        item(SourceImageSequence=Sequence([source]), DerivationCodeSequence=code(
                            "113076", "DCM", "Segmentation"))])))
    ds.PerFrameFunctionalGroupsSequence = Sequence(frames)
    ds.SharedFunctionalGroupsSequence = Sequence([
        item(
            PixelMeasuresSequence=Sequence([
                item(PixelSpacing=list(images[0].PixelSpacing), SliceThickness="3",
                     SpacingBetweenSlices="3")]), PlaneOrientationSequence=Sequence([
                         item(ImageOrientationPatient=list(images[0].ImageOrientationPatient))]))])
    mask = numpy.zeros((len(images), SIZE, SIZE), bool)
    mask[:, 10:30, 12:32] = True
    pixel_module(ds, mask, 8)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 1, 1, 0
    ds.pixels = numpy.packbits(mask.reshape(-1), bitorder="little")
    return ds


def structure_set(s, k, images):
    ds = common(s, RTSTRUCT, k)
    frame, label = images[0].FrameOfReferenceUID, "PLAN1"
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = frame, ""
    ds.StructureSetLabel, ds.StructureSetName = label, s.texts.short(s)
    ds.StructureSetDescription, ds.StructureSetDate, ds.StructureSetTime = s.texts.short(s), s.da, "150000"
    ds.ApprovalStatus, ds.ReviewDate, ds.ReviewTime, ds.ReviewerName = "APPROVED", s.da, "160000", s.hospital.reading
    series = item(SeriesInstanceUID=images[0].SeriesInstanceUID, ContourImageSequence=Sequence([
        sop_reference(i) for i in images]))
    study = item(ReferencedSOPClassUID="1.2.840.10008.3.1.2.3.1", ReferencedSOPInstanceUID=images[0].StudyInstanceUID,
                 RTReferencedSeriesSequence=Sequence([series]))
    ds.ReferencedFrameOfReferenceSequence = Sequence([
        item(FrameOfReferenceUID=frame, RTReferencedStudySequence=Sequence([study]))])
    names = [Planted("GTV"), Planted(f"BODY [[{romanised(s.patient.name)[1]}]]")]
    ds.StructureSetROISequence = Sequence([
        item(ROINumber=n + 1, ReferencedFrameOfReferenceUID=frame, ROIName=name, ROIDescription=s.texts.short(s),
             ROIGenerationAlgorithm="MANUAL") for n, name in enumerate(names)])
    ds.ROIContourSequence = Sequence([
        item(
            ROIDisplayColor=[255, 0, 0], ReferencedROINumber=n + 1, ContourSequence=Sequence([
                item(ContourImageSequence=Sequence([sop_reference(images[0])]),
                     ContourGeometricType="CLOSED_PLANAR", NumberOfContourPoints=3, ContourData=[
                         "-10", "-10", "0", "10", "-10", "0", "0", "12.5", "0"])])) for n in range(len(names))])
    ds.RTROIObservationsSequence = Sequence([
        item(ObservationNumber=n + 1, ReferencedROINumber=n + 1, ROIObservationLabel="obs",
             ROIObservationDescription=s.texts.short(s), RTROIInterpretedType="GTV" if n == 0 else "EXTERNAL",
             ROIInterpreter=s.hospital.reading) for n in range(len(names))])
    return ds


def presentation_state(s, k, images):
    ds = common(s, GSPS, k)
    ds.ContentLabel, ds.ContentDescription, ds.ContentCreatorName = "ARROWS", s.texts.short(s), s.hospital.reading
    ds.PresentationCreationDate, ds.PresentationCreationTime = s.da, "143000"
    ds.PresentationLUTShape, ds.Laterality = "IDENTITY", ""
    references = Sequence([sop_reference(i) for i in images])
    ds.ReferencedSeriesSequence = Sequence([
        item(SeriesInstanceUID=images[0].SeriesInstanceUID, ReferencedImageSequence=references)])
    ds.DisplayedAreaSelectionSequence = Sequence([
        item(ReferencedImageSequence=references, DisplayedAreaTopLeftHandCorner=[
            1, 1], DisplayedAreaBottomRightHandCorner=[SIZE, SIZE], PresentationSizeMode="SCALE TO FIT",
             PresentationPixelSpacing=["0.9", "0.9"])])
    text = item(AnchorPointAnnotationUnits="PIXEL", AnchorPoint=[12.0, 20.0], AnchorPointVisibility="Y",
                UnformattedTextValue=Planted(f"Cyst of [[{romanised(s.patient.name)[1]}]] 14 mm"))
    arrow = item(GraphicAnnotationUnits="PIXEL", GraphicDimensions=2, NumberOfGraphicPoints=2, GraphicData=[
        3.0, 4.0, 12.0, 20.0], GraphicType="POLYLINE", GraphicFilled="N")
    ds.GraphicAnnotationSequence = Sequence([
        item(ReferencedImageSequence=references, GraphicLayer="LAYER1", TextObjectSequence=Sequence([text]),
             GraphicObjectSequence=Sequence([arrow]))])
    ds.GraphicLayerSequence = Sequence([item(GraphicLayer="LAYER1", GraphicLayerOrder=1)])
    ds.SoftcopyVOILUTSequence = Sequence([
        item(ReferencedImageSequence=references, WindowCenter="40", WindowWidth="400")])
    return ds


def pdf_bytes(text):
    """A one-page PDF; its text stands once plain and once deflated."""
    stream = f"BT /F1 12 Tf 50 700 Td ({text}) Tj ET".encode("ascii", "replace")
    packed = zlib.compress(stream)
    parts = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
             b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents [4 0 R 5 0 R] >>",
             b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream",
             b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(packed) + packed + b"\nendstream",
             b"<< /Title (" + text.encode("ascii", "replace") + b") /Author (Reader) >>"]
    data, offsets = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n" % number + part + b"\nendobj\n"
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1) + b"".join(b"%010d 00000 n \n" % o for o in offsets)
    data += b"trailer\n<< /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(parts) + 1, start)
    return data + b" " * (len(data) % 2)


def encapsulated_pdf(s, k):
    ds = common(s, PDF, k)
    ds.Laterality = ""
    ds.ConversionType, ds.BurnedInAnnotation, ds.AcquisitionDateTime = "WSD", "YES", s.da + "120000"
    first, last = romanised(s.patient.name)
    ds.DocumentTitle = Planted(f"Discharge letter [[{last}]]")
    ds.ConceptNameCodeSequence = Sequence([])
    ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
    ds.EncapsulatedDocument = pdf_bytes(f"{first} {last} {s.patient.id} seen at {s.hospital.name}")
    return ds

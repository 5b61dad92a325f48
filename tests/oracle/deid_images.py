"""Images of the corpus: CT, MR, PT, CR, US, SC and the enhanced multi-frame kinds, valid after PS3.3."""
import numpy
from PIL import Image, ImageDraw
from pydicom.sequence import Sequence

from deid_headers import code, common, item
from deid_people import Planted, romanised

CT, ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1"
MR, ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4.1"
PT, CR, SC = "1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.1", "1.2.840.10008.5.1.4.1.1.7"
US, US_MULTI = "1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.3.1"
SIZE = 48  # rows and columns of slices
US_ROWS, US_COLUMNS = 96, 128
BANNER = (4, 2, 116, 14)  # x, y, width, height of the text that one ultrasound device burns in


def blob(rows, columns, k, low, high):
    """A smooth bright body on a dark ground: no runs of bytes that read as text."""
    y, x = numpy.mgrid[0:rows, 0:columns]
    r = ((y - rows / 2) / rows) ** 2 + ((x - columns / 2 - k) / columns) ** 2
    return (low + (high - low) * numpy.exp(-9 * r)).astype(numpy.int32)


def pixel_module(ds, pixels, bits=16, is_signed=False, photometric="MONOCHROME2"):
    """`pixels`: rows x columns, frames x rows x columns, or with colours as last axis (photometric RGB)."""
    is_colour = photometric not in ("MONOCHROME2", "MONOCHROME1")
    ds.SamplesPerPixel, ds.PhotometricInterpretation = (3 if is_colour else 1), photometric
    if is_colour:
        ds.PlanarConfiguration = 0
    ds.Rows, ds.Columns = pixels.shape[-3:-1] if is_colour else pixels.shape[-2:]
    ds.BitsAllocated = 16 if bits > 8 else 8
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = bits, bits - 1, int(is_signed)
    kind = ("i" if is_signed else "u") + ("2" if bits > 8 else "1")
    ds.pixels = pixels.astype(kind)  # an attribute of the object, no element: deid_bytes.py encodes it


def text_image(text, width, height):
    image = Image.new("L", (width, height), 0)
    ImageDraw.Draw(image).text((1, 1), text.encode("ascii", "replace").decode(), fill=255)
    return numpy.asarray(image)


def plane_module(ds, s, k, orientation=(1, 0, 0, 0, 1, 0)):
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = s.frame_of_reference, ""
    ds.ImagePositionPatient, ds.ImageOrientationPatient = ["-120.5", "-98.25", str(3.0 * k)], [
        str(v) for v in orientation]
    ds.PixelSpacing, ds.SliceThickness, ds.SliceLocation = ["0.9", "0.9"], "3", str(3.0 * k)


def acquisition(ds, s, k):
    ds.AcquisitionDate, ds.AcquisitionTime, ds.AcquisitionNumber = s.da, f"0935{10 + k:02}.500000", 1
    ds.ImageComments = s.texts.long(s)


def references(ds, s, k):
    """To another image of the series and to the one that this was made from."""
    if k:
        ds.ReferencedImageSequence = Sequence([
            item(ReferencedSOPClassUID=ds.SOPClassUID, ReferencedSOPInstanceUID=s.instance_uid(0),
                 PurposeOfReferenceCodeSequence=code("121311", "DCM", "Localizer"))])
        ds.SourceImageSequence = Sequence([
            item(ReferencedSOPClassUID=ds.SOPClassUID, ReferencedSOPInstanceUID=s.instance_uid(k - 1))])


def ct(s, k):
    ds = common(s, CT, k)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    plane_module(ds, s, k)
    acquisition(ds, s, k)
    references(ds, s, k)
    ds.AcquisitionDateTime, ds.IrradiationEventUID = s.da + "093510.500000", s.related_uid("dose")
    ds.KVP, ds.ScanOptions, ds.DataCollectionDiameter, ds.ReconstructionDiameter = "120", "HELICAL MODE", "500", "360"
    ds.GantryDetectorTilt, ds.TableHeight, ds.RotationDirection = "0", "152.5", "CW"
    ds.ExposureTime, ds.XRayTubeCurrent, ds.Exposure, ds.GeneratorPower = 500, 210, 105, 42
    ds.FocalSpots, ds.ConvolutionKernel, ds.FilterType = "1.2", "B30f", "FLAT"
    ds.ContrastBolusAgent, ds.ContrastBolusStartTime, ds.ContrastBolusStopTime = Planted(
        "Iopamidol 370"), "093300", "093340"
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "-1024", "1", "HU"
    ds.WindowCenter, ds.WindowWidth = "40", "400"
    ds.BodyPartExamined = "CHEST"
    pixel_module(ds, blob(SIZE, SIZE, k, 24, 1090), 12)
    return ds


def localizer(s, k):
    ds = ct(s, k)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    ds.ImageOrientationPatient = ["0", "1", "0", "0", "0", "-1"]
    return ds


def mr(s, k):
    ds = common(s, MR, k)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
    plane_module(ds, s, k)
    acquisition(ds, s, k)
    references(ds, s, k)
    ds.ScanningSequence, ds.SequenceVariant, ds.ScanOptions, ds.MRAcquisitionType = "SE", "SK", "FS", "2D"
    ds.RepetitionTime, ds.EchoTime, ds.EchoTrainLength, ds.FlipAngle = "3500", "98", 15, "150"
    ds.MagneticFieldStrength, ds.ImagingFrequency, ds.ImagedNucleus = "3", "123.25", "1H"
    ds.PixelBandwidth, ds.NumberOfAverages, ds.SAR, ds.SequenceName = "223", "2", "0.713", "*tse2d1_15"
    ds.PercentSampling, ds.PercentPhaseFieldOfView, ds.InPlanePhaseEncodingDirection = "80", "100", "ROW"
    ds.SpacingBetweenSlices, ds.TransmitCoilName, ds.BodyPartExamined = "3.3", "Body", "BRAIN"
    ds.WindowCenter, ds.WindowWidth = "600", "1200"
    pixel_module(ds, blob(SIZE, SIZE, k, 3, 1499), 12)
    return ds


def pt(s, k, count):
    ds = common(s, PT, k)
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    plane_module(ds, s, k)
    acquisition(ds, s, k)
    pharmaceutical = item(Radiopharmaceutical="FDG -- fluorodeoxyglucose", RadiopharmaceuticalStartTime="084500.00",
                          RadiopharmaceuticalStopTime="084510.00", RadiopharmaceuticalStartDateTime=s.da + "084500.00",
                          RadiopharmaceuticalStopDateTime=s.da + "084510.00", RadionuclideTotalDose="371500000",
                          RadionuclideHalfLife="6586.2",
                          RadionuclidePositronFraction="0.9673", RadionuclideCodeSequence=code(
                              "C-111A1", "SRT", "^18^Fluorine"), RadiopharmaceuticalCodeSequence=code(
                                  "C-B1031", "SRT", "Fluorodeoxyglucose F^18^"))
    ds.RadiopharmaceuticalInformationSequence = Sequence([pharmaceutical])
    orientation = code("F-10450", "SRT", "recumbent")
    orientation[0].PatientOrientationModifierCodeSequence = code("F-10340", "SRT", "supine")
    ds.PatientOrientationCodeSequence = orientation
    ds.PatientGantryRelationshipCodeSequence = code("F-10470", "SRT", "headfirst")
    del ds.PatientPosition
    ds.NumberOfSlices, ds.ImageIndex, ds.SeriesType, ds.Units = count, k + 1, ["WHOLE BODY", "IMAGE"], "BQML"
    ds.CountsSource, ds.RandomsCorrectionMethod, ds.DecayCorrection = "EMISSION", "DLYD", "START"
    ds.AttenuationCorrectionMethod, ds.ReconstructionMethod = "CT-derived mu map", "OSEM 3D 2i24s"
    ds.ScatterCorrectionMethod, ds.DecayFactor, ds.CollimatorType = "Convolution subtraction", "1.0123", "NONE"
    ds.CorrectedImage, ds.FrameReferenceTime, ds.ActualFrameDuration = ["NORM", "DTIM", "ATTN", "DECY"], "60000", 120000
    ds.RescaleIntercept, ds.RescaleSlope = "0", "0.3125"
    ds.BodyPartExamined = "CHEST"
    pixel_module(ds, blob(SIZE, SIZE, k, 0, 3000), 16)
    return ds


def cr(s, k):
    ds = common(s, CR, k)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "POST_PROCESSED"]
    acquisition(ds, s, k)
    ds.ViewPosition, ds.BodyPartExamined, ds.KVP, ds.Exposure = "PA", "CHEST", "125", 4
    ds.CassetteID, ds.PlateID, ds.ImagerPixelSpacing, ds.PhotometricInterpretation = "C" + s.accession, "P-30417", [
        "0.2", "0.2"], "MONOCHROME2"
    ds.AcquisitionDeviceProcessingDescription, ds.DerivationDescription = s.texts.short(s), s.texts.short(s)
    ds.PatientOrientation, ds.Sensitivity, ds.FilterType, ds.GeneratorID = ["L", "F"], "400", "NONE", "GEN-30417"
    ds.DetectorID, ds.DateOfLastDetectorCalibration, ds.TimeOfLastDetectorCalibration = "DET-30417", s.da, "060000"
    ds.WindowCenter, ds.WindowWidth = ["2048", "1900"], ["4096", "2500"]
    ds.WindowCenterWidthExplanation = ["NORMAL", Planted(f"PRESET [[{romanised(s.hospital.reading)[1]}]]")]
    pixel_module(ds, blob(SIZE + 8, SIZE, k, 100, 3900), 12)
    return ds


def us(s, k, is_colour=False, frames=1, has_banner=False):
    ds = common(s, US_MULTI if frames > 1 else US, k)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "ABDOMINAL", "0001"]
    acquisition(ds, s, k)
    ds.TransducerData, ds.TransducerType, ds.BodyPartExamined = ["C5-1", "UNUSED", "UNUSED"], "CURVED LINEAR", "ABDOMEN"
    ds.PatientOrientation, ds.LossyImageCompression = "", "00"
    ds.TransducerIdentificationSequence = Sequence([
        item(DeviceTypeCodeSequence=code("C5", "99EPIQ", "Transducer"), DeviceLabel="C5-1",
             DeviceSerialNumber="C5-" + s.device.serial, SoftwareVersions="1.0", ManufacturerDeviceIdentifier="",
             DeviceAlternateIdentifier="417-" + s.device.serial, DeviceAlternateIdentifierType="BARCODE",
             DeviceAlternateIdentifierFormat="CODE128", Manufacturer="", ManufacturerModelName="")])
    ds.SequenceOfUltrasoundRegions = Sequence([
        item(RegionSpatialFormat=1, RegionDataType=1, RegionFlags=0, RegionLocationMinX0=0, RegionLocationMinY0=0,
             RegionLocationMaxX1=US_COLUMNS - 1, RegionLocationMaxY1=US_ROWS - 1, PhysicalUnitsXDirection=3,
             PhysicalUnitsYDirection=3, PhysicalDeltaX=0.05, PhysicalDeltaY=0.05)])
    pixels = numpy.stack([blob(US_ROWS, US_COLUMNS, k + f, 129, 240) for f in range(frames)])
    ds.BurnedInAnnotation = "NO"
    if has_banner:
        x, y, width, height = BANNER
        banner = text_image(f"{romanised(s.patient.name)[1]} {s.patient.id}", width, height)
        pixels[:, y:y + height, x:x + width] = numpy.where(banner > 99, 255, 0)
        ds.BurnedInAnnotation = "YES"
    if frames > 1:
        ds.NumberOfFrames, ds.FrameTime, ds.CineRate, ds.FrameIncrementPointer = frames, "33.3", 30, 0x00181063
    else:
        pixels = pixels[0]
    if is_colour:
        pixels = numpy.stack([pixels, numpy.where(pixels < 128, pixels, 128 + pixels // 4), pixels], axis=-1)
    pixel_module(ds, pixels, 8, photometric="RGB" if is_colour else "MONOCHROME2")
    return ds


def secondary_capture(s, k):
    ds = common(s, SC, k)
    ds.ImageType, ds.ConversionType, ds.PatientOrientation = ["DERIVED", "SECONDARY"], "WSD", ""
    ds.Laterality, ds.DateOfSecondaryCapture, ds.TimeOfSecondaryCapture = "", s.da, "101010"
    ds.SecondaryCaptureDeviceID, ds.SecondaryCaptureDeviceManufacturer = "SCD-" + s.device.serial, "Kestrel Imaging"
    ds.ImageComments, ds.DerivationDescription = s.texts.long(s), s.texts.short(s)
    pixels = numpy.repeat(blob(SIZE, SIZE, k, 130, 250)[..., None], 3, axis=-1)
    pixel_module(ds, pixels, 8, photometric="RGB")
    return ds


def frame_groups(s, k, is_mr):
    """Per-frame functional groups of one plane, with the dates and references that they hold."""
    groups = item(
        FrameContentSequence=Sequence([
            item(FrameAcquisitionNumber=1, FrameReferenceDateTime=f"{s.da}0935{10 + k:02}.500000",
                 FrameAcquisitionDateTime=f"{s.da}0935{10 + k:02}.0", FrameAcquisitionDuration=500.0,
                 DimensionIndexValues=[1, k + 1], StackID="1", InStackPositionNumber=k + 1, TemporalPositionIndex=1,
                 FrameComments=s.texts.long(s))]), PlanePositionSequence=Sequence([
                     item(ImagePositionPatient=["-120.5", "-98.25", str(3.0 * k)])]))
    if is_mr:
        groups.MREchoSequence = Sequence([item(EffectiveEchoTime=98.0)])
        groups.MRAveragesSequence = Sequence([item(NumberOfAverages="2")])
    else:
        groups.CTPositionSequence = Sequence([
            item(TablePosition=3.0 * k, DataCollectionCenterPatient=[0.0, 0.0, 3.0 * k],
                 ReconstructionTargetCenterPatient=[0.0, 0.0, 3.0 * k])])
        groups.IrradiationEventIdentificationSequence = Sequence([item(IrradiationEventUID=s.related_uid("dose"))])
    return groups


def enhanced(ds, s, frames, is_mr):
    """Modules that enhanced CT and MR share (PS3.3 C.7.6.16, C.7.6.17)."""
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = s.frame_of_reference, ""
    ds.AcquisitionNumber, ds.AcquisitionDateTime, ds.AcquisitionDuration = 1, s.da + "093510.500000", 3.5
    ds.AcquisitionProtocolName, ds.AcquisitionProtocolDescription = "ABD 3 PHASE", s.texts.short(s)
    ds.ContentQualification, ds.ImageComments, ds.BurnedInAnnotation = "PRODUCT", s.texts.long(s), "NO"
    ds.PixelPresentation, ds.VolumetricProperties, ds.VolumeBasedCalculationTechnique = "MONOCHROME", "VOLUME", "NONE"
    ds.LossyImageCompression, ds.PresentationLUTShape, ds.NumberOfFrames = "00", "IDENTITY", frames
    ds.AcquisitionContextSequence = Sequence([])
    organization = s.related_uid("dimension")
    ds.DimensionOrganizationSequence = Sequence([item(DimensionOrganizationUID=organization)])
    content, pointers = 0x00209111, (0x00209056, 0x00209057)
    ds.DimensionIndexSequence = Sequence([item(DimensionOrganizationUID=organization, DimensionIndexPointer=pointer,
                                               FunctionalGroupPointer=content) for pointer in pointers])
    ds.PerFrameFunctionalGroupsSequence = Sequence([frame_groups(s, k, is_mr) for k in range(frames)])
    frame_type = item(FrameType=ds.ImageType, PixelPresentation="MONOCHROME", VolumetricProperties="VOLUME",
                      VolumeBasedCalculationTechnique="NONE")
    shared = item(
        PixelMeasuresSequence=Sequence([item(PixelSpacing=[
            "0.9", "0.9"], SliceThickness="3")]), PlaneOrientationSequence=Sequence([
                item(ImageOrientationPatient=["1", "0", "0", "0", "1", "0"])]), FrameVOILUTSequence=Sequence([
                    item(WindowCenter="40", WindowWidth="400")]), FrameAnatomySequence=Sequence([
                        item(FrameLaterality="U", AnatomicRegionSequence=code("T-D4000", "SRT", "Abdomen"))]),
        PixelValueTransformationSequence=Sequence([
            item(RescaleIntercept="-1024", RescaleSlope="1", RescaleType="US" if is_mr else "HU")]))
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    return shared, frame_type


def enhanced_ct(s, k, frames=6):
    ds = common(s, ENHANCED_CT, k)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    shared, frame_type = enhanced(ds, s, frames, False)
    shared.CTImageFrameTypeSequence = Sequence([frame_type])
    shared.CTAcquisitionTypeSequence = Sequence([
        item(AcquisitionType="SPIRAL", ConstantVolumeFlag="NO", FluoroscopyFlag="NO")])
    shared.CTAcquisitionDetailsSequence = Sequence([
        item(RotationDirection="CW", RevolutionTime=0.5, SingleCollimationWidth=0.6, TotalCollimationWidth=38.4,
             TableHeight="152.5", GantryDetectorTilt="0", DataCollectionDiameter="500")])
    shared.CTTableDynamicsSequence = Sequence([
        item(TableSpeed=39.4, TableFeedPerRotation=19.7, SpiralPitchFactor=0.984)])
    shared.CTGeometrySequence = Sequence([
        item(DistanceSourceToDetector="1085.6", DistanceSourceToDataCollectionCenter=595.0)])
    shared.CTReconstructionSequence = Sequence([
        item(ReconstructionAlgorithm="FILTER_BACK_PROJ", ConvolutionKernel="B30f", ConvolutionKernelGroup="SOFT_TISSUE",
             ReconstructionDiameter="360", ReconstructionPixelSpacing=[
                 0.9, 0.9], ReconstructionAngle=360.0, ImageFilter="NONE")])
    shared.CTExposureSequence = Sequence([item(ExposureTimeInms=500.0, XRayTubeCurrentInmA=210.0, ExposureInmAs=105.0,
                                               ExposureModulationType="NONE", CTDIvol=7.5)])
    shared.CTXRayDetailsSequence = Sequence([
        item(KVP="120", FocalSpots="1.2", FilterType="FLAT", FilterMaterial="MIXED", CalciumScoringMassFactorDevice=[
            0.7, 0.8, 0.9])])
    pixel_module(ds, numpy.stack([blob(SIZE, SIZE, f, 24, 1090) for f in range(frames)]), 12)
    return ds


def enhanced_mr(s, k, frames=6):
    ds = common(s, ENHANCED_MR, k)
    ds.ImageType, ds.ResonantNucleus, ds.ComplexImageComponent = ["ORIGINAL", "PRIMARY", "VOLUME",
                                                                  "NONE"], "1H", "MAGNITUDE"
    ds.AcquisitionContrast, ds.KSpaceFiltering, ds.MagneticFieldStrength = "T2", "NONE", "3"
    ds.ApplicableSafetyStandardAgency, ds.ApplicableSafetyStandardDescription = "IEC", "IEC 60601-2-33"
    shared, frame_type = enhanced(ds, s, frames, True)
    frame_type.ComplexImageComponent, frame_type.AcquisitionContrast = "MAGNITUDE", "T2"
    ds.PulseSequenceName, ds.MRAcquisitionType = "*tse2d1_15", "2D"
    ds.EchoPulseSequence, ds.MultipleSpinEcho, ds.MultiPlanarExcitation = "SPIN", "YES", "NO"
    ds.PhaseContrast, ds.TimeOfFlightContrast, ds.SteadyStatePulseSequence = "NO", "NO", "NONE"
    ds.EchoPlanarPulseSequence, ds.SaturationRecovery, ds.SpectrallySelectedSuppression = "NO", "NO", "NONE"
    ds.OversamplingPhase, ds.GeometryOfKSpaceTraversal, ds.SegmentedKSpaceTraversal = "NONE", "RECTILINEAR", "FULL"
    ds.NumberOfKSpaceTrajectories, ds.RectilinearPhaseEncodeReordering = 1, "LINEAR"
    shared.MRModifierSequence = Sequence([
        item(InversionRecovery="NO", FlowCompensation="NONE", Spoiling="NONE", T2Preparation="NO",
             SpectrallySelectedExcitation="NONE", SpatialPresaturation="NONE", PartialFourier="NO",
             ParallelAcquisition="NO")])
    shared.MRImagingModifierSequence = Sequence([
        item(MagnetizationTransfer="NONE", BloodSignalNulling="NO", Tagging="NONE", TransmitterFrequency=123.25,
             PixelBandwidth="223")])
    shared.MRReceiveCoilSequence = Sequence([
        item(ReceiveCoilName="HEA", ReceiveCoilManufacturerName="SIEMENS", ReceiveCoilType="MULTICOIL",
             QuadratureReceiveCoil="NO", MultiCoilDefinitionSequence=Sequence([
                 item(MultiCoilElementName="H1", MultiCoilElementUsed="YES")]))])
    shared.MRFOVGeometrySequence = Sequence([
        item(InPlanePhaseEncodingDirection="ROW", MRAcquisitionFrequencyEncodingSteps=SIZE,
             MRAcquisitionPhaseEncodingStepsInPlane=SIZE, MRAcquisitionPhaseEncodingStepsOutOfPlane=1,
             PercentSampling="80", PercentPhaseFieldOfView="100")])
    shared.MRTransmitCoilSequence = Sequence([
        item(TransmitCoilName="Body", TransmitCoilManufacturerName="SIEMENS", TransmitCoilType="BODY")])
    shared.MRImageFrameTypeSequence = Sequence([frame_type])
    shared.MRTimingAndRelatedParametersSequence = Sequence([
        item(
            RepetitionTime="3500", FlipAngle="150", EchoTrainLength=15, RFEchoTrainLength=15, GradientEchoTrainLength=0,
            SpecificAbsorptionRateSequence=Sequence([
                item(SpecificAbsorptionRateDefinition="IEC_WHOLE_BODY", SpecificAbsorptionRateValue=0.7)]),
            GradientOutputType="DB_DT", GradientOutput=40.0, OperatingModeSequence=Sequence([
                item(OperatingModeType="STATIC FIELD", OperatingMode="IEC_NORMAL")]))])
    pixel_module(ds, numpy.stack([blob(SIZE, SIZE, f, 3, 1499) for f in range(frames)]), 12)
    return ds


def add_overlay(ds, s):
    """A graphics plane with the patient's name drawn into it, and texts beside it."""
    drawn = text_image(romanised(s.patient.name)[1], ds.Columns, ds.Rows) > 99
    ds.add_new(0x60000010, "US", ds.Rows)
    ds.add_new(0x60000011, "US", ds.Columns)
    ds.add_new(0x60000022, "LO", Planted(f"DRAWN BY [[{romanised(s.hospital.reading)[1]}]]"))
    ds.add_new(0x60000040, "CS", "G")
    ds.add_new(0x60000050, "SS", [1, 1])
    ds.add_new(0x60000100, "US", 1)
    ds.add_new(0x60000102, "US", 0)
    bits = numpy.packbits(drawn.reshape(-1), bitorder="little").tobytes()
    ds.add_new(0x60003000, "OW", bits + bytes(len(bits) % 2))
    ds.OverlayDate, ds.OverlayTime = s.da, "110000"


def add_icon(ds):
    small = ds.pixels[..., ::4, ::4] if ds.pixels.ndim == 2 else ds.pixels.reshape(-1)[:144].reshape(12, 12)
    icon = item(SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2", Rows=small.shape[0], Columns=small.shape[1],
                BitsAllocated=8, BitsStored=8, HighBit=7, PixelRepresentation=0)
    icon.add_new(0x7FE00010, "OB", (small >> 4).astype("u1").tobytes())
    ds.IconImageSequence = Sequence([icon])

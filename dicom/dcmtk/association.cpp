#include "dicom/dcmtk/association.h"

#include <dcmtk/dcmdata/dcmetinf.h>
#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <dcmtk/dcmnet/dimse.h>

#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "core/log.h"
#include "dicom/element_values.h"
#include "dicom/implementation_uid.h"
#include "dicom/transfer_syntax.h"

namespace naru::dicom {

namespace {

struct Refusal {
  std::string_view name;
  T_ASC_RejectParameters parameters;
};
constexpr auto kPermanent = ASC_RESULT_REJECTEDPERMANENT;
constexpr Refusal kFull = {"too_many_associations",
                           {ASC_RESULT_REJECTEDTRANSIENT, ASC_SOURCE_SERVICEPROVIDER_PRESENTATION_RELATED,
                            ASC_REASON_SP_PRES_LOCALLIMITEXCEEDED}};
constexpr Refusal kContext = {"application_context",
                              {kPermanent, ASC_SOURCE_SERVICEUSER, ASC_REASON_SU_APPCONTEXTNAMENOTSUPPORTED}};
constexpr Refusal kCalled = {"called_ae_title",
                             {kPermanent, ASC_SOURCE_SERVICEUSER, ASC_REASON_SU_CALLEDAETITLENOTRECOGNIZED}};
constexpr Refusal kCalling = {"calling_ae_title",
                              {kPermanent, ASC_SOURCE_SERVICEUSER, ASC_REASON_SU_CALLINGAETITLENOTRECOGNIZED}};
constexpr Refusal kNothing = {"no_presentation_context", {kPermanent, ASC_SOURCE_SERVICEUSER, ASC_REASON_SU_NOREASON}};

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::optional<Refusal> refusal(T_ASC_Parameters* params, const StorageScpOptions& options, bool is_full) {
  if (is_full) return kFull;
  std::array<char, 128> context{};
  ASC_getApplicationContextName(params, context.data(), context.size());
  if (std::string_view(context.data()) != UID_StandardApplicationContext) return kContext;
  if (trimmed(params->DULparams.calledAPTitle) != options.ae_title) return kCalled;
  const std::string_view calling = trimmed(params->DULparams.callingAPTitle);
  const bool is_known =
      std::ranges::any_of(options.calling_ae_titles, [&](const auto& title) { return title == calling; });
  return is_known ? std::nullopt : std::optional(kCalling);
}

/// Storage classes of the standard, also those made after this program, and private ones (which can be stored alone).
bool is_storage(std::string_view uid) {
  constexpr std::string_view kStandard = "1.2.840.10008.", kStorage = "1.2.840.10008.5.1.4.1.1.";
  if (uid.starts_with(kStorage) || !uid.starts_with(kStandard)) return true;
  return dcmIsaStorageSOPClassUID(std::string(uid).c_str(), ESSC_All);
}

/// The first of the proposed syntaxes, in the sender's order, that Naru reads.
const char* chosen_syntax(const T_ASC_PresentationContext& context, bool is_echo) {
  for (int n = 0; n < context.transferSyntaxCount; ++n) {
    const SyntaxInfo* syntax = find_syntax(context.proposedTransferSyntaxes[n]);
    if (syntax != nullptr && (!is_echo || (!syntax->is_encapsulated && !syntax->is_deflated))) {
      return context.proposedTransferSyntaxes[n];
    }
  }
  return nullptr;
}

void choose_context(T_ASC_Parameters* params, const T_ASC_PresentationContext& context) {
  const std::string_view uid = context.abstractSyntax;
  const bool is_echo = uid == UID_VerificationSOPClass;
  const char* syntax = chosen_syntax(context, is_echo);
  const auto id = context.presentationContextID;
  if (!is_echo && !is_storage(uid)) {
    ASC_refusePresentationContext(params, id, ASC_P_ABSTRACTSYNTAXNOTSUPPORTED);
  } else if (syntax == nullptr) {
    ASC_refusePresentationContext(params, id, ASC_P_TRANSFERSYNTAXESNOTSUPPORTED);
  } else {
    ASC_acceptPresentationContext(params, id, syntax);
  }
}

/// Passes on to a sink. A sink that fails is given no more, and the data set is taken from the network all the same:
/// DCMTK itself would wait for a piece that does not come.
class SinkConsumer final : public DcmConsumer {
 public:
  SinkConsumer(ObjectStore& store, const OnPhase& on_phase) : store_(store), on_phase_(on_phase) {}

  /// Runs `step` unless one before it failed.
  template <class Step>
  void attempt(Step step) {
    if (status_) return;
    try {
      step();
    } catch (const std::exception& error) {
      status_ = store_.status_of(error);
    }
  }
  void open(const ObjectMeta& meta) {
    attempt([&] { sink_ = store_.open(meta); });
  }
  void refuse(StoreStatus status) { status_ = status; }
  StoreStatus finish() {
    attempt([&] { status_ = sink_->finish(); });
    return *status_;
  }

  OFBool good() const override { return OFTrue; }
  OFCondition status() const override { return EC_Normal; }
  OFBool isFlushed() const override { return OFTrue; }
  offile_off_t avail() const override { return ASC_MAXIMUMPDUSIZE; }
  offile_off_t write(const void* bytes, offile_off_t length) override {
    on_phase_(Phase::data);
    attempt([&] { sink_->write({static_cast<const std::byte*>(bytes), static_cast<std::size_t>(length)}); });
    return length;
  }
  void flush() override {}

 private:
  ObjectStore& store_;
  const OnPhase& on_phase_;
  std::unique_ptr<ObjectSink> sink_;
  std::optional<StoreStatus> status_;
};

class SinkStream final : public DcmOutputStream {
 public:
  explicit SinkStream(SinkConsumer& consumer) : DcmOutputStream(&consumer) {}
};

/// Preamble and File Meta Information. No AE title: one object from two senders is one file.
OFCondition write_meta(DcmOutputStream& stream, const ObjectMeta& meta) {
  constexpr std::size_t kPreambleBytes = 128;
  const std::array<char, kPreambleBytes> zeros{};
  stream.write(zeros.data(), zeros.size());
  stream.write("DICM", 4);
  DcmMetaInfo info;
  const std::array<Uint8, 2> version = {0, 1};
  const std::array<std::pair<DcmTagKey, std::string>, 4> uids = {
      std::pair{DCM_MediaStorageSOPClassUID, meta.sop_class_uid},
      std::pair{DCM_MediaStorageSOPInstanceUID, meta.sop_instance_uid},
      std::pair{DCM_TransferSyntaxUID, meta.transfer_syntax_uid},
      std::pair{DCM_ImplementationClassUID, std::string(kImplementationClassUid)}};
  OFCondition result = info.putAndInsertUint32(DCM_FileMetaInformationGroupLength, 0);
  if (result.good())
    result = info.putAndInsertUint8Array(DCM_FileMetaInformationVersion, version.data(), version.size());
  for (const auto& [tag, uid] : uids) {
    if (result.good()) result = info.putAndInsertString(tag, uid.c_str());
  }
  if (result.good()) {
    result = info.computeGroupLengthAndPadding(EGL_withGL, EPD_noChange, META_HEADER_DEFAULT_TRANSFERSYNTAX,
                                               EET_UndefinedLength);
  }
  if (result.bad()) return result;
  // DcmMetaInfo::write would put a preamble of its own: only its elements are asked.
  for (unsigned long n = 0; result.good() && n < info.card(); ++n) {
    DcmElement* element = info.getElement(n);
    element->transferInit();
    result = element->write(stream, META_HEADER_DEFAULT_TRANSFERSYNTAX, EET_ExplicitLength, nullptr);
    element->transferEnd();
  }
  return result;
}

bool answer_store(T_ASC_Association& association, T_ASC_PresentationContextID id, T_DIMSE_C_StoreRQ& request,
                  StoreStatus status) {
  T_DIMSE_C_StoreRSP response{};
  response.MessageIDBeingRespondedTo = request.MessageID;
  response.DimseStatus = static_cast<DIC_US>(status);
  response.DataSetType = DIMSE_DATASET_NULL;
  OFStandard::strlcpy(response.AffectedSOPClassUID, request.AffectedSOPClassUID, sizeof response.AffectedSOPClassUID);
  OFStandard::strlcpy(response.AffectedSOPInstanceUID, request.AffectedSOPInstanceUID,
                      sizeof response.AffectedSOPInstanceUID);
  response.opts = O_STORE_AFFECTEDSOPCLASSUID | O_STORE_AFFECTEDSOPINSTANCEUID;
  return DIMSE_sendStoreResponse(&association, id, &request, &response, nullptr).good();
}

/// Takes one object and answers. @return whether the association can go on
bool take_object(T_ASC_Association& association, T_ASC_PresentationContextID id, T_DIMSE_C_StoreRQ& request,
                 ObjectStore& store, const OnPhase& on_phase) {
  T_ASC_PresentationContext context;
  if (ASC_findAcceptedPresentationContext(association.params, id, &context).bad()) return false;
  if (request.DataSetType == DIMSE_DATASET_NULL) return false;
  const ObjectMeta meta{std::string(trimmed(association.params->DULparams.callingAPTitle)), request.AffectedSOPClassUID,
                        request.AffectedSOPInstanceUID, context.acceptedTransferSyntax};
  SinkConsumer consumer(store, on_phase);
  if (meta.sop_class_uid != context.abstractSyntax) consumer.refuse(StoreStatus::does_not_match);
  consumer.open(meta);
  SinkStream stream(consumer);
  on_phase(Phase::data);
  if (write_meta(stream, meta).bad()) return false;
  T_ASC_PresentationContextID id_of_data = 0;
  const OFCondition received =
      DIMSE_receiveDataSetInFile(&association, DIMSE_BLOCKING, 0, &id_of_data, &stream, nullptr, nullptr);
  if (received.bad() || id_of_data != id) return false;
  on_phase(Phase::ours);
  return answer_store(association, id, request, consumer.finish());
}

}  // namespace

bool negotiate(T_ASC_Association& association, const StorageScpOptions& options, bool is_full) {
  T_ASC_Parameters* params = association.params;
  auto refused = refusal(params, options, is_full);
  const int count = ASC_countPresentationContexts(params);
  for (int n = 0; !refused && n < count; ++n) {
    T_ASC_PresentationContext context;
    if (ASC_getPresentationContext(params, n, &context).good()) choose_context(params, context);
  }
  if (!refused && ASC_countAcceptedPresentationContexts(params) == 0) refused = kNothing;
  if (!refused) {
    ASC_setAPTitles(params, nullptr, nullptr, options.ae_title.c_str());
    return ASC_acknowledgeAssociation(&association).good();
  }
  log::detail("DICOM association refused: {}", Public{refused->name});
  ASC_rejectAssociation(&association, &refused->parameters);
  return false;
}

void serve(T_ASC_Association& association, ObjectStore& store, const OnPhase& on_phase) {
  for (bool goes_on = true; goes_on;) {
    on_phase(Phase::idle);
    T_ASC_PresentationContextID id = 0;
    T_DIMSE_Message message{};
    const OFCondition received = DIMSE_receiveCommand(&association, DIMSE_BLOCKING, 0, &id, &message, nullptr);
    if (received == DUL_PEERREQUESTEDRELEASE) {
      ASC_acknowledgeRelease(&association);
      return;
    }
    if (received == DUL_PEERABORTEDASSOCIATION) return;
    if (received.bad()) {
      goes_on = false;
    } else if (message.CommandField == DIMSE_C_ECHO_RQ) {
      goes_on = DIMSE_sendEchoResponse(&association, id, &message.msg.CEchoRQ, STATUS_ECHO_Success, nullptr).good();
    } else if (message.CommandField == DIMSE_C_STORE_RQ) {
      goes_on = take_object(association, id, message.msg.CStoreRQ, store, on_phase);
    } else {
      goes_on = false;
    }
  }
  ASC_abortAssociation(&association);
}

}  // namespace naru::dicom

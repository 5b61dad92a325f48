#include "core/error.h"

#include <array>

namespace naru {

namespace {
constexpr std::array kNames = {
    "usage",
    "input_missing",
    "input_unreadable",
    "input_empty",
    "nothing_delivered",
    "recipe_invalid",
    "key_invalid",
    "output_exists",
    "output_busy",
    "output_unwritable",
    "disk_full",
    "memory_exceeded",
    "device_unavailable",
    "dataset_invalid",
    "canceled",
    "request_invalid",
    "unauthenticated",
    "forbidden",
    "not_found",
    "method_not_allowed",
    "conflict",
    "idempotency_in_flight",
    "idempotency_mismatch",
    "precondition_failed",
    "length_required",
    "body_too_large",
    "header_too_large",
    "media_type_unsupported",
    "range_unsatisfiable",
    "rate_limited",
    "quota_exceeded",
    "grant_ended",
    "gone",
    "store_unavailable",
    "draining",
    "config_invalid",
    "ledger_invalid",
    "internal",
};
static_assert(kNames.size() == static_cast<std::size_t>(ErrorCode::internal) + 1);
}  // namespace

std::string_view name(ErrorCode code) { return kNames[static_cast<std::size_t>(code)]; }

}  // namespace naru

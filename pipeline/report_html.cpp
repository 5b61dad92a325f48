#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/units.h"
#include "pipeline/case_store.h"
#include "pipeline/files.h"
#include "pipeline/html.h"
#include "pipeline/report.h"
#include "pipeline/review/review_html.h"
#include "pipeline/series.h"
#include "pipeline/version.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

/// Where the time went. Stages overlap, so that shares may add up to more than the whole.
std::string stages_text(const ReportFacts& facts) {
  std::string text = "<p>time by stage, side by side where they can be:";
  for (std::size_t s = 0; s < kStageCount; ++s) {
    const double seconds = facts.stage_seconds[s];
    text += fmt::format("{} {} {:.1f} s ({:.0f} %)", s == 0 ? "" : " ·", name(static_cast<Stage>(s)), seconds,
                        facts.seconds > 0 ? 100 * seconds / facts.seconds : 0);
  }
  return text + "</p>\n";
}

std::string summary(const Scan& scan, std::size_t case_count, const ReportFacts& facts) {
  const InputCounts counts = count_inputs(scan);
  std::string text = fmt::format(
      "<h1>Naru report</h1><p>project <code>{}</code> · key <code>{}</code> · naru {} on {} · {:.1f} s · working "
      "memory "
      "{} of {} allowed</p>\n<p class=\"hold\">This report names source files and shows images. It stays in the "
      "hospital; the dataset beside it is what may leave. Burned-in text and faces were examined only where the "
      "recipe says so: look at the pictures below before you release anything.</p>\n",
      escaped(facts.project), facts.key_id, kVersion, escaped(facts.device), facts.seconds,
      format_size_bytes(facts.memory_used_bytes), format_size_bytes(facts.memory_limit_bytes));
  text += stages_text(facts);
  text += fmt::format("<h2>Files</h2><p>{} files were given; {} cases were made.</p>", scan.inputs.size(), case_count);
  return text + input_tables(counts, "used");
}

std::string findings_text(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    text += fmt::format("<span class=\"badge\">{}</span> {} ({}", name(finding.code), info(finding.code).meaning,
                        finding.action);
    for (const auto& [key, value] : finding.detail) text += fmt::format("; {} {:g}", key, value);
    text += ")<br>";
  }
  return text;
}

std::string stacks_table(const Scan& scan) {
  std::string text =
      "<h2>Series</h2><table><tr><th>series</th><th class=\"n\">slices</th><th>verdict</th>"
      "<th>findings</th></tr>\n";
  for (const StackFacts& facts : stack_facts(scan)) {
    const dicom::Stack& stack = scan.stacks[facts.stack];
    text += fmt::format("<tr><td><code>{}</code>{}</td><td class=\"n\">{}</td><td>{}</td><td>{}</td></tr>\n",
                        escaped(stack.series_uid), stack.index > 0 ? fmt::format(" stack {}", stack.index) : "",
                        stack.instances.size(), name(facts.verdict), findings_text(facts.findings));
  }
  return text + "</table>\n";
}

/// Bars on a square-root scale: air and background would hide all else on a linear one.
std::string histogram_svg(const Preview& preview) {
  constexpr double kWidth = 256, kHeight = 90;
  std::uint64_t most = 1;
  for (const std::uint64_t count : preview.histogram) most = std::max(most, count);
  const double bar = kWidth / static_cast<double>(std::max<std::size_t>(1, preview.histogram.size()));
  std::string text =
      fmt::format("<svg role=\"img\" aria-label=\"histogram\" width=\"{}\" height=\"{}\">", kWidth, kHeight);
  for (std::size_t i = 0; i < preview.histogram.size(); ++i) {
    const double height = kHeight * std::sqrt(static_cast<double>(preview.histogram[i]) / static_cast<double>(most));
    if (height < 0.05) continue;
    text += fmt::format("<rect class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>",
                        static_cast<double>(i) * bar, kHeight - height, bar, height);
  }
  return text + "</svg>";
}

std::string case_card(const ReportCase& item, const CaseRecord& record) {
  constexpr std::array<std::string_view, 3> kNames = {"axial", "coronal", "sagittal"};
  const Json& m = record.manifest;
  std::string text =
      fmt::format("<div class=\"case\"><h3><code>{}</code></h3><div class=\"planes\">", item.plan->case_id);
  for (std::size_t p = 0; p < 3; ++p) {
    text += fmt::format(
        "<figure><img alt=\"{0} plane\" src=\"data:image/png;base64,{1}\"><figcaption>{0}</figcaption>"
        "</figure>",
        kNames[p], record.preview.planes_png_base64[p]);
  }
  text += fmt::format("<figure>{}<figcaption>histogram, {:g} to {:g} (√ scale)</figcaption></figure></div>\n",
                      histogram_svg(record.preview), record.preview.low, record.preview.high);
  const auto shape = m.at("shape").get<std::array<std::int64_t, 3>>();
  const auto spacing = m.at("spacing_mm").get<Vec3>();
  const Json& statistics = m.at("statistics");
  text += fmt::format(
      "<p>{} · {} × {} × {} voxels · {:.4g} × {:.4g} × {:.4g} mm · {} · recipe <code>{}</code> · {}<br>mean {:.6g}, "
      "deviation {:.6g}, from {:.6g} to {:.6g} · <code>{}</code></p></div>\n",
      item.plan->modality, shape[0], shape[1], shape[2], spacing[0], spacing[1], spacing[2],
      m.at("dtype").get<std::string>(), item.plan->recipe.name,
      format_size_bytes(m.at("size_bytes").get<std::uint64_t>()), statistics.at("mean").get<double>(),
      statistics.at("std").get<double>(), statistics.at("min").get<double>(), statistics.at("max").get<double>(),
      m.at("image").get<std::string>());
  return text;
}

void append(FileWriter& writer, std::string_view text) { writer.append(std::as_bytes(std::span(text))); }

}  // namespace

void write_report_html(const std::filesystem::path& file, const Scan& scan, std::span<const ReportCase> cases,
                       const ReportFacts& facts) {
  FileWriter writer(file);
  append(writer, kHtmlHead);
  append(writer, summary(scan, cases.size(), facts));
  if (!cases.empty()) append(writer, "<h2>Cases</h2>\n");
  for (const ReportCase& item : cases) {
    const auto record = load_case(item.record);
    if (!record) throw Error(ErrorCode::output_unwritable, "a case's record vanished from the work folder: run again");
    append(writer, case_card(item, *record));
  }
  append(writer, stacks_table(scan));
  append(writer, rejected_table(scan));
  append(writer, review_tables(facts.held, facts.decisions));
  append(writer, kHtmlEnd);
  writer.finish();
}

}  // namespace naru

#include "pipeline/pixels/text_evidence.h"

#include "core/text.h"
#include "pipeline/files.h"

namespace naru {

using Json = nlohmann::ordered_json;

Json text_evidence(const InputRecord& input, const Json& place, const FoundText& found, TextVerdict verdict,
                   bool is_held) {
  const TextRegion& region = found.region;
  Json line = {{"schema", "naru.pixels/1"},
               {"path", valid_utf8(input.path.string())},
               {"sop_instance_uid", valid_utf8(input.sop_instance_uid)}};
  line.update(place);
  line.update({{"box", {region.x, region.y, region.width, region.height}},
               {"score", region.probability},
               {"action", is_blanked(verdict) && !is_held ? "redacted" : "held"},
               {"because", name(verdict)},
               {"detector", "naru-text"},
               {"weights_sha256", TextDetector::built_in().weights_sha256()}});
  return line;
}

void write_evidence(const std::filesystem::path& file, const Json& lines) {
  FileWriter writer(file);
  for (const Json& one : lines) {
    const std::string line = json_line(one);
    writer.append(std::as_bytes(std::span(line)));
  }
  writer.finish();
}

}  // namespace naru

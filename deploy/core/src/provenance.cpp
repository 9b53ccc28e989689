// What every output says about itself: paddle_mfs/provenance.py.

#include <ctime>

#include "bundle.h"
#include "identity.h"
#include "json.h"

namespace mfs {
namespace {

const char* const SWAPPED = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia";

std::string utc(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  char text[40] = "";
  if (gmtime_r(&time, &parts)) std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S+00:00", &parts);
  return text;
}

std::string quoted(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#x27;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

const char* version() { return MFS_VERSION; }

std::string Bundle::provenance(const Identity& identity, std::int64_t seconds, const std::string& target_sha256) const {
  Json record = Json::object();
  record.set("software", "paddle_mfs");
  record.set("version", version());
  record.set("synthetic", true);
  record.set("digital_source_type", SWAPPED);
  record.set("created", utc(seconds));
  if (!target_sha256.empty()) record.set("target_sha256", target_sha256);
  if (!identity.source_sha256().empty()) record.set("source_sha256", identity.source_sha256());
  for (const char* key : {"weights", "encoder"}) {
    const Json& facts = contents_->deploy.at("provenance").at(key);
    if (!facts.is(Json::Kind::null)) record.set(key, facts);
  }
  return record.dump();
}

std::string xmp_packet(const std::string& provenance) {
  const auto parsed = parse_json(provenance);
  const Json record = parsed.ok() ? parsed.value() : Json::object();
  const std::string tool = record.at("software").text() + " " + record.at("version").text();
  return "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
         "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
         "<rdf:Description rdf:about=\"\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\"\n"
         " xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\"\n"
         " xmlns:mfs=\"urn:paddle_mfs:provenance:1\" xmp:CreatorTool=\"" +
         quoted(tool) + "\" xmp:CreateDate=\"" + quoted(record.at("created").text()) +
         "\"\n Iptc4xmpExt:DigitalSourceType=\"" + quoted(record.at("digital_source_type").text()) +
         "\" mfs:provenance=\"" + quoted(provenance) + "\"/>\n</rdf:RDF></x:xmpmeta>\n<?xpacket end=\"w\"?>";
}

}  // namespace mfs

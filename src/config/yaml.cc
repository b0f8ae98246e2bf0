// yaml-cpp's parser gives events; they are built into nodes here. Its own node class would share
// what aliases repeat (also in circles), keep the second of equal keys and forget most lines.
#include "config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <map>
#include <optional>
#include <sstream>

#include "base/utf8.h"

namespace coeval {
namespace {

std::string Place(const std::string& file, int line, int column) {
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::size_t CountNodes(const YamlNode& node) {
  std::size_t count = 1;
  for (const YamlNode& item : node.items) count += CountNodes(item);
  return count;
}

int DepthOf(const YamlNode& node) {
  int depth = 0;
  for (const YamlNode& item : node.items) depth = std::max(depth, DepthOf(item));
  return depth + 1;
}

class NodeBuilder : public YAML::EventHandler {
 public:
  explicit NodeBuilder(std::string file) : file_(std::move(file)) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) Fail(mark, "a second document begins here; a file holds one");
  }

  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Add(mark, MakeNode(mark, YamlNode::Kind::kNull), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) return Fail(mark, "an alias of something that it is part of");
    const YamlNode& target = known->second;
    if (Depth() + DepthOf(target) > kMaxYamlDepth) return FailDepth(mark);
    nodes_ += CountNodes(target);
    if (nodes_ > kMaxYamlNodes) return FailSize(mark);
    Add(mark, target, 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = MakeNode(mark, YamlNode::Kind::kScalar);
    node.text = value;
    node.quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    if (!node.quoted && !tag.empty() && tag != "?")
      Fail(mark, "the tag '" + tag + "' is not known");
    Add(mark, std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    Open(mark, YamlNode::Kind::kList, tag, anchor);
  }

  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    Open(mark, YamlNode::Kind::kMap, tag, anchor);
  }

  void OnMapEnd() override { Close(); }

  [[nodiscard]] bool failed() const { return !status_.ok(); }

  Result<YamlNode> Take() {
    if (!status_.ok()) return status_;
    return root_ ? *std::move(root_) : YamlNode();
  }

 private:
  struct Level {
    YamlNode node;
    YAML::anchor_t anchor;
    std::optional<std::string> key;  // of a mapping, while its value is to come
    bool dead = false;               // beyond the allowed depth: counted, not kept
  };

  YamlNode MakeNode(const YAML::Mark& mark, YamlNode::Kind kind) {
    YamlNode node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    if (++nodes_ > kMaxYamlNodes) FailSize(mark);
    return node;
  }

  [[nodiscard]] int Depth() const { return static_cast<int>(levels_.size()); }

  void Open(const YAML::Mark& mark, YamlNode::Kind kind, const std::string& tag,
            YAML::anchor_t anchor) {
    if (!tag.empty() && tag != "?" && tag != "!") Fail(mark, "the tag '" + tag + "' is not known");
    if (Depth() >= kMaxYamlDepth) FailDepth(mark);
    levels_.push_back({MakeNode(mark, kind), anchor, std::nullopt, failed()});
  }

  void Close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    if (level.dead || failed()) return;
    const YAML::Mark mark = YAML::Mark::null_mark();
    Add(mark, std::move(level.node), level.anchor);
  }

  void Add(const YAML::Mark& mark, YamlNode node, YAML::anchor_t anchor) {
    if (failed()) return;
    if (anchor != 0) anchors_[anchor] = node;
    if (levels_.empty()) {
      root_ = std::move(node);
      return;
    }
    Level& level = levels_.back();
    if (level.node.kind == YamlNode::Kind::kList) {
      level.node.items.push_back(std::move(node));
    } else if (level.key) {
      level.node.keys.push_back(*std::move(level.key));
      level.node.items.push_back(std::move(node));
      level.key.reset();
    } else {
      AddKey(mark, level, std::move(node));
    }
  }

  void AddKey(const YAML::Mark& mark, Level& level, YamlNode node) {
    const int line = mark.is_null() ? node.line : mark.line + 1;
    const int column = mark.is_null() ? node.column : mark.column + 1;
    if (node.kind != YamlNode::Kind::kScalar)
      return FailAt(line, column, "a key must be plain text");
    if (node.text == "<<" && !node.quoted) {
      return FailAt(line, column, "merge keys (<<) are not known here; write the members out");
    }
    if (level.node.Find(node.text) != nullptr) {
      return FailAt(line, column, "the key '" + node.text + "' is there twice");
    }
    level.key = std::move(node.text);
  }

  void Fail(const YAML::Mark& mark, const std::string& message) {
    FailAt(mark.line + 1, mark.column + 1, message);
  }

  void FailAt(int line, int column, const std::string& message) {
    if (!failed()) status_ = Status::InvalidArgument(Place(file_, line, column) + ": " + message);
  }

  void FailDepth(const YAML::Mark& mark) {
    Fail(mark, "nested deeper than " + std::to_string(kMaxYamlDepth) + " levels");
  }

  void FailSize(const YAML::Mark& mark) {
    Fail(mark, "more than " + std::to_string(kMaxYamlNodes) +
                   " values, aliases counted as often as "
                   "they are used");
  }

  std::string file_;
  Status status_;
  int documents_ = 0;
  std::size_t nodes_ = 0;
  std::optional<YamlNode> root_;
  std::vector<Level> levels_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
};

// yaml-cpp ends a text silently at some control characters, and takes any bytes for characters.
Status CheckCharacters(std::string_view text, const std::string& file) {
  const std::size_t bad_utf8 = FindInvalidUtf8(text);
  std::size_t bad = text.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) {
      bad = i;
      break;
    }
  }
  if (bad_utf8 == std::string_view::npos && bad == text.size()) return {};
  const bool is_utf8 = bad_utf8 == std::string_view::npos || bad < bad_utf8;
  const std::size_t at = is_utf8 ? bad : bad_utf8;
  const auto line =
      1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  const std::size_t begin = text.rfind('\n', at == 0 ? 0 : at - 1);
  const std::size_t column = at - (begin == std::string_view::npos ? 0 : begin + 1) + 1;
  return Status::InvalidArgument(Place(file, static_cast<int>(line), static_cast<int>(column)) +
                                 (is_utf8 ? ": a control character" : ": bytes that are no UTF-8"));
}

bool AllDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool OneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// A number to readers of YAML 1.1 alone: 0123, 1_000, 0b11, 12:30.
bool IsOldNumber(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text.size() > 1 && text[0] == '0' && AllDigits(text)) return true;
  if (text.size() > 2 && text[0] == '0' && OneOf(text.substr(1, 1), {"b", "x", "o"})) return true;
  if (text.empty() || text[0] < '0' || text[0] > '9') return false;
  const bool digits = text.find_first_not_of("0123456789_.:") == std::string_view::npos;
  const bool separated = text.find('_') != std::string_view::npos;
  if (!digits) return false;
  if (separated) return true;
  // Base 60: every part after the first is 0 to 59.
  const std::size_t colon = text.find(':');
  return colon != std::string_view::npos && text.find('.') == std::string_view::npos &&
         text.size() - text.rfind(':') <= 3;
}

bool IsNumber(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  const std::size_t mantissa = text.find_first_not_of("0123456789");
  std::string_view rest = mantissa == std::string_view::npos ? "" : text.substr(mantissa);
  std::size_t digits = text.size() - rest.size();
  if (!rest.empty() && rest[0] == '.') {
    const std::size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    digits += end - 1;
    rest.remove_prefix(end);
  }
  if (digits == 0) return false;
  if (rest.empty()) return true;
  if (rest[0] != 'e' && rest[0] != 'E') return false;
  rest.remove_prefix(1);
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) rest.remove_prefix(1);
  return AllDigits(rest);
}

// The number as JSON writes it: no plus, a digit on both sides of the point.
Result<Json> NumberToJson(std::string_view text) {
  std::string json(text[0] == '+' ? text.substr(1) : text);
  const std::size_t first = json[0] == '-' ? 1 : 0;
  if (json[first] == '.') json.insert(first, "0");
  const std::size_t point = json.find('.');
  if (point != std::string::npos &&
      (point + 1 == json.size() || json[point + 1] == 'e' || json[point + 1] == 'E')) {
    json.insert(point + 1, "0");
  }
  return ParseJson(json);
}

Result<Json> ScalarToJson(const YamlNode& node, const std::string& file) {
  const std::string& text = node.text;
  if (node.quoted) return Json(text);
  const auto wrong = [&](const std::string& message) {
    return Status::InvalidArgument(YamlPlace(node, file) + ": " + message);
  };
  if (OneOf(text, {"", "~", "null", "Null", "NULL"})) return Json();
  if (OneOf(text, {"true", "True", "TRUE"})) return Json(true);
  if (OneOf(text, {"false", "False", "FALSE"})) return Json(false);
  if (OneOf(text, {"yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF"})) {
    return wrong("'" + text +
                 "' is a boolean to some readers of YAML; write true or false, or quote "
                 "it: \"" +
                 text + "\"");
  }
  if (OneOf(text, {".nan", ".NaN", ".NAN"})) return Json("nan");
  if (OneOf(text, {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"})) return Json("inf");
  if (OneOf(text, {"-.inf", "-.Inf", "-.INF"})) return Json("-inf");
  if (IsOldNumber(text)) {
    return wrong("'" + text +
                 "' is another number to some readers of YAML; write it plainly, or quote "
                 "it: \"" +
                 text + "\"");
  }
  if (!IsNumber(text)) return Json(text);
  Result<Json> number = NumberToJson(text);
  if (!number.ok()) return wrong("'" + text + "': " + number.status().message());
  return number;
}

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == key) return &items[i];
  }
  return nullptr;
}

std::string YamlPlace(const YamlNode& node, const std::string& file) {
  return Place(file, node.line, node.column);
}

Result<YamlNode> ParseYaml(std::string_view text, const std::string& file) {
  if (text.size() > kMaxYamlBytes) {
    return Status::InvalidArgument(file + ": " + std::to_string(text.size()) + " bytes; at most " +
                                   std::to_string(kMaxYamlBytes) + " are read");
  }
  COEVAL_RETURN_IF_ERROR(CheckCharacters(text, file));
  try {
    // The end said aloud: without it yaml-cpp takes a quote that nobody closed.
    std::string ended(text);
    ended += ended.empty() || ended.ends_with('\n') ? "...\n" : "\n...\n";
    std::istringstream stream(ended);
    YAML::Parser parser(stream);
    NodeBuilder builder(file);
    while (!builder.failed() && parser.HandleNextDocument(builder)) {
    }
    return builder.Take();
  } catch (const YAML::Exception& e) {
    return Status::InvalidArgument(Place(file, e.mark.line + 1, e.mark.column + 1) +
                                   ": no valid YAML: " + e.msg);
  } catch (const std::exception& e) {
    return Status::InvalidArgument(file + ": no valid YAML: " + e.what());
  }
}

Result<Json> YamlToJson(const YamlNode& node, const std::string& file) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return Json();
    case YamlNode::Kind::kScalar:
      return ScalarToJson(node, file);
    case YamlNode::Kind::kList: {
      Json list = Json::MakeArray();
      for (const YamlNode& item : node.items) {
        COEVAL_ASSIGN_OR_RETURN(Json value, YamlToJson(item, file));
        list.Append(std::move(value));
      }
      return list;
    }
    case YamlNode::Kind::kMap: {
      Json object = Json::MakeObject();
      for (std::size_t i = 0; i < node.keys.size(); ++i) {
        COEVAL_ASSIGN_OR_RETURN(Json value, YamlToJson(node.items[i], file));
        object.Set(node.keys[i], std::move(value));
      }
      return object;
    }
  }
  return Status::Internal("unknown kind of YAML node");
}

}  // namespace coeval

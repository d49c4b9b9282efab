// busbar/payload.hpp: writes and reads payloads in MessagePack and JSON, value by value; a part of
// busbar_rpc.hpp, in the library busbar::rpc.
#ifndef BUSBAR_RPC_PAYLOAD_HPP
#define BUSBAR_RPC_PAYLOAD_HPP

#include "busbar/values.hpp"

namespace busbar {
namespace rpc {

// Writes one value. After a refusal nothing more is written; problem() says what was wrong.
class Writer {
 public:
  explicit Writer(Codec codec) noexcept : json_(codec == Codec::json) {}
  [[nodiscard]] bool json() const noexcept { return json_; }
  void null();
  void boolean(bool value);
  void integer(std::int64_t value);
  void integer(std::uint64_t value);
  // As text in JSON, which has no integers of 64 bits.
  void large(std::int64_t value);
  void large(std::uint64_t value);
  void number(double value);
  void text(std::string_view value);
  void bytes(const std::byte* data, std::size_t size);
  void time(Time value);
  void duration(Duration value);
  void region(const Region& region);
  void object(const Object& object);
  void begin_list(std::size_t count);
  void begin_map(std::size_t count);
  void key(std::string_view name);
  void end();
  // Bytes that were written by another writer of this codec, as one value.
  void raw(std::string_view value);
  void refuse(std::string problem);
  // `name` is a step of the path of the problem.
  void within(std::string_view name);
  [[nodiscard]] bool ok() const noexcept { return problem_.empty(); }
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
  // What was written, and what goes beside it.
  std::string out;
  Attachments attachments;

 private:
  void separate();
  void head(std::uint8_t short_form, std::uint8_t first, std::size_t limit, std::size_t count);
  void big_endian(std::uint64_t value, int bytes);

  bool json_;
  bool after_key_ = false;
  // For JSON: the closing bracket of each open list or map, in upper case while it is empty.
  std::string open_;
  std::string problem_;
};

// Reads one value, which a peer wrote: every length is checked, nesting is bounded. After a refusal
// all functions return false; problem() says what was wrong, with its path.
class Reader {
 public:
  // `attachments` (may be null) is emptied of what the value names.
  Reader(std::string_view payload, Codec codec, Attachments* attachments) noexcept
      : rest_(payload), json_(codec == Codec::json), attachments_(attachments) {}
  [[nodiscard]] bool json() const noexcept { return json_; }
  // Consumes a null, if there is one.
  bool null();
  bool boolean(bool& value);
  bool integer(std::int64_t& value, std::int64_t min, std::int64_t max);
  bool integer(std::uint64_t& value, std::uint64_t max);
  bool large(std::int64_t& value);
  bool large(std::uint64_t& value);
  bool number(double& value);
  bool text(std::string& value);
  bool bytes(ByteArray& value);
  bool time(Time& value);
  bool duration(Duration& value);
  bool region(Region& value);
  bool object(Object& value);
  bool any(Value& value);
  // A list: begin_list(), then element() before each, until it returns false.
  bool begin_list();
  bool element();
  bool begin_map();
  // The next key, until it returns false. Valid until the next call.
  bool key(std::string_view& name);
  bool skip();
  // The bytes of the next value, as they are.
  bool raw(std::string_view& value);
  // Whether all has been read.
  bool end();
  bool refuse(std::string problem);
  void within(std::string_view name);
  [[nodiscard]] bool ok() const noexcept { return problem_.empty(); }
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  struct Level {
    std::uint64_t left = 0;
    bool first = true;
    char close = 0;
  };
  struct Number {
    enum Kind { none, negative, positive, real } kind = none;
    std::uint64_t magnitude = 0;
    double value = 0;
  };
  bool enter(std::uint64_t count, char close);
  bool byte(std::uint8_t& value);
  bool take(std::size_t count, std::string_view& bytes);
  bool big_endian(int bytes, std::uint64_t& value);
  bool length(std::uint8_t first, std::uint8_t short_form, std::uint8_t mask, std::uint8_t wide,
              int least, std::uint64_t& count, const char* expected);
  bool read_number(Number& number);
  bool json_number(Number& number);
  bool json_text(std::string& value);
  bool json_escape(std::string& value);
  bool json_word(std::string_view word);
  bool hexadecimal(std::uint32_t& unit);
  char peek_json();
  bool skip_one();
  bool skip_json();
  bool index(std::size_t limit, std::size_t& at, const char* what);

  std::string_view rest_;
  bool json_;
  Attachments* attachments_;
  std::vector<Level> levels_;
  std::string key_;
  std::string problem_;
};

}  // namespace rpc
}  // namespace busbar

#endif

/// @file
/// HTTP requests that a component handles, for hosts that have a server of their own.
#ifndef WASMCELL_HTTP_HPP
#define WASMCELL_HTTP_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>
#include <wasmcell/callback.hpp>
#include <wasmcell/options.hpp>
#include <wasmcell/span.hpp>

namespace wasmcell {

/// One field of a head, or a trailer. Several may have the same name; the order of those is
/// kept.
struct HttpField {
  /// The name; in lower case where the library hands it out.
  std::string_view name{};
  /// The value: any bytes but control characters.
  std::string_view value{};
};

/// Provides more of a request's body: fills the front of `buffer` and tells how many bytes there
/// are, 0 for the end. An error, or an exception, ends the body for the guest
/// (`connection-terminated`), which may answer all the same. `context` is CallOptions::context.
///
/// Called on the thread that waits for the guest. It may wait for input, but not destroy its
/// Exchange, whose functions are Code::busy meanwhile.
using HttpReader = std::function<Result<std::size_t>(Span<std::uint8_t> buffer, void *context)>;

/// A request. What it views is borrowed until HttpHandler::open() returns.
struct HttpRequest {
  /// Any method of at most 32 bytes but CONNECT and TRACE.
  std::string_view method{"GET"};
  /// `http` or `https`, as the client has come.
  std::string_view scheme{"http"};
  /// Host, and port unless it is the scheme's own, at most 255 bytes. An empty one stands for the
  /// field `host`, which must not say anything else.
  std::string_view authority{};
  /// Path and query, such as `/a?b`, at most 16 KiB, as the client sent it. `*` is for OPTIONS.
  std::string_view path{"/"};
  /// The headers. Those for one connection only do not get to the guest: see
  /// runtime_http_request_t.
  std::vector<HttpField> fields{};
  /// The body, or what it begins with. Copied.
  BytesView body{std::string_view()};
  /// Whether more follows `body`, by Exchange::write() and Exchange::finish(), or by `reader`,
  /// which implies it.
  bool more = false;
  /// Provides what follows `body`, when the guest waits for it. Copied; the copy lives as long as
  /// the exchange, and what it refers to has to.
  HttpReader reader{};
};

/// The head of a response.
struct HttpResponse {
  /// The status, from 200 to 599.
  std::uint64_t status = 0;
  /// The headers; their text is borrowed from the Exchange.
  std::vector<HttpField> fields{};
  /// Bytes of the body; 0 if there is none, as after HEAD and for 204, 205 and 304; nothing if that
  /// is not known.
  std::optional<std::uint64_t> body_len{};
};

/// What Exchange::read() found: some of the body, its end, or that the guest waits for the host.
struct HttpPiece {
  /// The next bytes of the body, at most 64 KiB; empty at its end, and while the guest waits.
  /// Borrowed until the next Exchange::read().
  Span<const std::uint8_t> data{};
  /// Whether the body has ended, and is complete.
  bool is_end = false;

  /// Whether there is nothing yet, because the guest waits for more of the request, which the host
  /// has to write first.
  [[nodiscard]] bool is_waiting() const noexcept {
    return data.empty() && !is_end;
  }
  /// The bytes as text, which need not be UTF-8. Borrowed as `data`.
  [[nodiscard]] std::string_view text() const noexcept {
    return {static_cast<const char *>(static_cast<const void *>(data.data())), data.size()};
  }
};

namespace detail {

/// Fields as the C API has them; borrowed from `fields`.
inline std::vector<runtime_http_field_t> raw(const std::vector<HttpField> &fields) {
  std::vector<runtime_http_field_t> raw;
  raw.reserve(fields.size());
  for (const HttpField &field : fields)
    raw.push_back({field.name.data(), field.name.size(), field.value.data(), field.value.size()});
  return raw;
}

/// Fields of the C API; their text stays where it is.
inline std::vector<HttpField> fields(const runtime_http_field_t *raw, std::size_t len) {
  std::vector<HttpField> fields;
  fields.reserve(len);
  for (const runtime_http_field_t &field : Span<const runtime_http_field_t>(raw, len))
    fields.push_back({{field.name, field.name_len}, {field.value, field.value_len}});
  return fields;
}

/// Releases an exchange, and after it the reader that it may ask until then.
struct ExchangeDeleter {
  std::unique_ptr<HttpReader> reader{};

  void operator()(runtime_http_exchange_t *exchange) const noexcept {
    runtime_http_exchange_free(exchange);
  }
};

}  // namespace detail

/// One request and its response, in a guest of its own. See HttpHandler::open().
///
/// Nothing of it runs unless one of its functions asks for something: then the guest goes on, on
/// the calling thread, until that is there, and stands still again. So the host sets the pace, and
/// neither side buffers more than 64 KiB of a body. The time that the call has, from its beginning
/// to its end, runs on meanwhile. Destroying it gives up a guest that has not ended.
///
/// It keeps what it needs, so it may outlive everything else. One thread at a time may use it, not
/// always the same one; another one meanwhile gets Code::busy. A Cancel ends it from any thread. It
/// is wider than a pointer, since it owns the request's reader as well. What every function gives
/// as an error is what the guest did or which limit it met, unless its doc says otherwise.
class [[nodiscard]] Exchange {
 public:
  /// Adopts an exchange of the C API, which must be owned by the caller; NULL is allowed.
  explicit Exchange(runtime_http_exchange_t *exchange) noexcept : exchange_(exchange) {}

  /// Waits for the head of the response.
  ///
  /// @return The head; nothing if the guest waits for more of the request, which the host has to
  ///         write first. Or Code::http if the guest gave an error in the place of a response, none
  ///         at all, or one that is not HTTP: see Error::http(), and Error::http_status() for what
  ///         to tell the client.
  [[nodiscard]] Result<std::optional<HttpResponse>> response() {
    const runtime_http_response_t *out = nullptr;
    if (auto *error = runtime_http_exchange_response(get(), &out)) return detail::fail(error);
    if (out == nullptr) return std::optional<HttpResponse>();
    HttpResponse head{out->status, detail::fields(out->fields, out->fields_len), std::nullopt};
    if (out->body_len != UINT64_MAX) head.body_len = out->body_len;
    return std::optional<HttpResponse>(std::move(head));
  }

  /// Waits for the next piece of the response's body. Nothing more is taken from the guest before
  /// the next one is asked for.
  ///
  /// WARNING: an error here, also after many pieces, means that the body is not complete. Reset the
  /// client's connection or stream then, and never end it properly.
  ///
  /// @return The piece, borrowed until the next read(). Or as response().
  [[nodiscard]] Result<HttpPiece> read() {
    const std::uint8_t *data = nullptr;
    std::size_t len = 0;
    std::int32_t end = 0;
    if (auto *error = runtime_http_exchange_read(get(), &data, &len, &end))
      return detail::fail(error);
    return HttpPiece{{data, len}, end != 0};
  }

  /// Reads the response's body to its end, and gives each piece to a callable.
  ///
  ///     auto sent = exchange.stream_to([&](Span<const uint8_t> piece) -> Result<void> {
  ///       return client.send(piece.data(), piece.size());
  ///     });
  ///     if (sent) client.end(); else client.reset();
  ///
  /// @param sink  `void(Span<const std::uint8_t>)`, or one that gives a `Result<void>`, whose error
  ///              ends the reading: what came is lost then, and read() goes on behind it. Called on
  ///              this thread; a piece is good until it returns.
  ///
  /// @return Success only once the body is complete; `sink`'s error; Code::invalid_argument if the
  ///         guest waits for more of the request, which the host has to write first. Or as read().
  template <typename F>
  [[nodiscard]] Result<void> stream_to(F &&sink) {
    using Given = std::invoke_result_t<F &, Span<const std::uint8_t>>;
    static_assert(std::is_void_v<Given> || std::is_same_v<Given, Result<void>>,
                  "a sink is void(Span<const std::uint8_t>), or gives a Result<void>");
    for (;;) {
      Result<HttpPiece> piece = read();
      if (!piece) return detail::fail(std::move(piece).error());
      if (piece->is_end) return {};
      if (piece->is_waiting())
        return detail::fail(
            Error("stream_to: the guest waits for more of the request, which "
                  "write() and finish() give",
                  Code::invalid_argument));
      if constexpr (std::is_void_v<Given>) {
        sink(piece->data);
      } else {
        Result<void> taken = sink(piece->data);
        if (!taken) return taken;
      }
    }
  }

  /// The trailers of the response, once the end of its body was read; none before. Their text is
  /// borrowed from the exchange.
  ///
  /// @return The trailers; Code::busy.
  [[nodiscard]] Result<std::vector<HttpField>> trailers() {
    const runtime_http_field_t *fields = nullptr;
    std::size_t len = 0;
    if (auto *error = runtime_http_exchange_trailers(get(), &fields, &len))
      return detail::fail(error);
    return detail::fields(fields, len);
  }

  /// Writes to the request's body, for a request with HttpRequest::more and without a reader. Waits
  /// until the guest has room for it.
  ///
  /// @param data  Copied.
  ///
  /// @return How many bytes were taken: less than there are if the host has to read() before the
  ///         guest goes on, or if the guest reads no more, in which case reading tells why or goes
  ///         on. Code::invalid_argument if the request's body has ended or comes from elsewhere.
  [[nodiscard]] Result<std::size_t> write(BytesView data) {
    std::size_t taken = 0;
    if (auto *error = runtime_http_exchange_write(get(), data.data(), data.size(), &taken))
      return detail::fail(error);
    return taken;
  }

  /// Ends the request's body properly, for a request with HttpRequest::more and without a reader.
  ///
  /// @param trailers  What follows the body. Copied.
  ///
  /// @return Code::invalid_argument if a trailer is none, or if the request's body has ended or
  ///         comes from elsewhere; Code::busy.
  [[nodiscard]] Result<void> finish(const std::vector<HttpField> &trailers = {}) {
    const std::vector<runtime_http_field_t> raw = detail::raw(trailers);
    return detail::done(runtime_http_exchange_finish(get(), raw.data(), raw.size()));
  }

  /// Waits until the guest has ended, which may go on after its response. What is left of the
  /// response's body is discarded; a request's body without its finish() ends badly for the guest.
  [[nodiscard]] Result<void> end() {
    return detail::done(runtime_http_exchange_end(get()));
  }

  /// The C object, still owned by this wrapper: for functions of wasmcell.h.
  [[nodiscard]] runtime_http_exchange_t *get() const noexcept {
    return exchange_.get();
  }

 private:
  friend class HttpHandler;

  Exchange(runtime_http_exchange_t *exchange, std::unique_ptr<HttpReader> reader) noexcept
      : exchange_(exchange, detail::ExchangeDeleter{std::move(reader)}) {}

  std::unique_ptr<runtime_http_exchange_t, detail::ExchangeDeleter> exchange_;
};

/// A component that handles HTTP requests: its `wasi:http/incoming-handler`, looked up once. See
/// Component::http_handler().
///
///     HttpHandler handler = component.http_handler().value();
///     HttpRequest request;
///     request.authority = "example.com";
///     request.path = "/hello";
///     Exchange exchange = handler.open(request).value();
///     Result<std::optional<HttpResponse>> head = exchange.response();
///
/// It keeps its component. Any number of threads may use it at once.
class HttpHandler : public detail::Owned<runtime_http_handler_t, runtime_http_handler_free> {
 public:
  using Owned::Owned;

  /// Begins to have a request handled, of which nothing runs yet. Each exchange has a fresh
  /// instance, unless its component reuses them: see ComponentOptions::reuse.
  ///
  /// @param request  What breaks the rules of HTTP is refused, so that the guest never sees it.
  /// @param options  They hold for the whole exchange: the time from here to the guest's end. Their
  ///                 `report`, `context` and `interrupt` must live until the exchange is destroyed,
  ///                 which is when the report is written.
  ///
  /// @return Code::invalid_argument if that is no request: Details::argument names what, such as
  ///         `request.fields[3].value`; Code::unsupported if the component was loaded for blocking
  ///         calls only; Code::shutdown; Code::forked.
  [[nodiscard]] Result<Exchange> open(const HttpRequest &request,
                                      const CallOptions &options = {}) const {
    const std::vector<runtime_http_field_t> fields = detail::raw(request.fields);
    const runtime_call_options_t how = detail::raw(options);
    std::unique_ptr<HttpReader> reader;
    if (request.reader) reader = std::make_unique<HttpReader>(request.reader);
    runtime_http_request_t raw = RUNTIME_HTTP_REQUEST_INIT;
    raw.method = text(request.method);
    raw.method_len = request.method.size();
    raw.scheme = text(request.scheme);
    raw.scheme_len = request.scheme.size();
    raw.authority = request.authority.empty() ? nullptr : request.authority.data();
    raw.authority_len = request.authority.size();
    raw.path = text(request.path);
    raw.path_len = request.path.size();
    raw.fields = fields.data();
    raw.fields_len = fields.size();
    raw.body = request.body.data();
    raw.body_len = request.body.size();
    raw.flags = request.more || reader != nullptr ? RUNTIME_HTTP_MORE : 0;
    raw.read = reader != nullptr ? &detail::read<HttpReader> : nullptr;
    raw.read_user_data = reader.get();
    runtime_http_exchange_t *out = nullptr;
    if (auto *error = runtime_http_exchange_new(get(), &raw, &how, &out))
      return detail::fail(error);
    return Exchange(out, std::move(reader));
  }

 private:
  /// An empty text is no default in C.
  static const char *text(std::string_view text) noexcept {
    return text.data() != nullptr ? text.data() : "";
  }
};

static_assert(sizeof(HttpHandler) == sizeof(void *));

}  // namespace wasmcell

#endif

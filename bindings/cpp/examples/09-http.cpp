// 09-http: a guest that handles the requests of the host's own HTTP server, piece by piece.
#include <iostream>
#include <wasmcell.hpp>

// Sends a response to a client, for which std::cout stands here.
void serve(const wasmcell::HttpHandler &handler, const wasmcell::HttpRequest &request) {
  auto exchange = handler.open(request).value();
  auto head = exchange.response();
  if (!head) {
    std::cout << "status " << head.error().http_status() << "\n";
    return;
  }
  // There is one, since nothing of this request remains to be written.
  std::cout << "status " << (*head)->status << "\n";
  for (const auto &[name, value] : (*head)->fields) std::cout << name << ": " << value << "\n";

  auto sent = exchange.stream_to([](wasmcell::Span<const uint8_t> piece) {
    std::cout.write(reinterpret_cast<const char *>(piece.data()),
                    static_cast<std::streamsize>(piece.size()));
  });
  // A client must not take what is cut off for complete: its connection is to be reset.
  std::cout << (sent ? "(complete)" : "(cut off)") << "\n";
}

int main() {
  auto runtime = wasmcell::Builder().build().value();
  auto component =
      wasmcell::Component::from_file(runtime, "../../../tests/guests/http.wasm").value();
  auto handler = component.http_handler().value();

  wasmcell::HttpRequest request;
  request.method = "POST";
  request.authority = "example.com";
  request.path = "/show?a=b";
  request.fields = {{"content-type", "text/plain"}};
  request.body = "some text";
  serve(handler, request);

  // More of its body comes from a callable, whenever the guest waits for that.
  request.path = "/echo";
  request.reader = [lines = 3](wasmcell::Span<uint8_t> buffer,
                               void *) mutable -> wasmcell::Result<size_t> {
    buffer[0] = '\n';
    return lines-- > 0 ? 1U : 0U;
  };
  serve(handler, request);

  request.path = "/trap-before";
  serve(handler, request);
  request.path = "/no-finish";
  serve(handler, request);
}

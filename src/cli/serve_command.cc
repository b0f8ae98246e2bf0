// coeval serve: features over HTTP on this machine.
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/request_log.h"
#include "cli/terminal.h"
#include "io/machine_limits.h"
#include "serve/api/service.h"
#include "serve/http/server.h"

namespace coeval {
namespace {

struct ServeArguments {
  std::string host;
  std::string port;
  std::string log = "plain";
  bool all_requests = false;
};

HttpServerOptions ServerOptions(const ServeConfig& config) {
  HttpServerOptions options;
  options.host = config.host;
  options.port = config.port;
  options.threads = config.threads > 0 ? config.threads : ReadMachineLimits().processors;
  options.max_body_bytes = config.max_body_bytes;
  options.max_connections = config.max_connections;
  options.request_timeout = config.request_timeout;
  options.drain_timeout = config.drain_timeout;
  return options;
}

Result<int> RunServe(const Invocation& invocation, const ServeArguments& arguments) {
  std::map<std::string, std::string> overrides;
  if (!arguments.host.empty()) overrides["serve.host"] = arguments.host;
  if (!arguments.port.empty()) overrides["serve.port"] = arguments.port;
  COEVAL_ASSIGN_OR_RETURN(auto store, invocation.OpenStore(overrides));
  // Wrong from the beginning is a mistake of who starts it; later it is a failure that may pass.
  if (const auto now = store->context().clock->Now(); !now.ok()) {
    return Status::InvalidArgument(now.status().message());
  }
  COEVAL_RETURN_IF_ERROR(store->OpenOnlineStore());
  const ServeConfig& config = store->config().serve;
  const bool as_json = invocation.globals.json || arguments.log == "json";
  Service service(store.get(), {.max_rows = config.max_rows});
  HttpHandler handler = [&service](const HttpRequest& request) { return service.Handle(request); };
  COEVAL_ASSIGN_OR_RETURN(
      auto server,
      HttpServer::Listen(ServerOptions(config),
                         LogRequests(std::move(handler), arguments.all_requests, as_json),
                         Service::IsSlow));
  server->StopOnSignals();
  const std::string host =
      config.host.find(':') == std::string::npos ? config.host : "[" + config.host + "]";
  const std::string address = "http://" + host + ":" + std::to_string(server->port());
  if (const Status told = store->TellAddress(address); !told.ok()) PrintWarning(told.message());
  std::fprintf(stderr, "listening on %s\n", address.c_str());
  const std::string clock = store->context().clock->Describe();
  if (invocation.globals.json) {
    Print(Json::MakeObject().Set("listening", address).Set("clock", clock).WritePretty());
    if (!FlushOutput()) return Status::IoError("standard output could not be written");
  }
  if (clock != "system") std::fprintf(stderr, "clock: %s\n", clock.c_str());
  std::fflush(stderr);
  server->Run();
  // A materialization that outlived the drain stops at its next batch; the next run completes it.
  store->context().cancel->Cancel();
  return kExitDone;
}

}  // namespace

void AddServeCommand(CLI::App* app, Invocation* invocation) {
  CLI::App* command = AddCommand(
      app, "Serving", "serve",
      "Serves features over HTTP on this machine\n"
      "POST /get-online-features with Feast's request and response; /materialize, "
      "/materialize-incremental, /health, /ready, /metrics. Loopback only. SIGTERM and Ctrl-C let "
      "requests finish.",
      "coeval serve\n"
      "coeval serve --port 0 --log json      # any free port; it is told on standard error\n"
      "coeval serve --clock 2013-10-01T12:00:00Z\n"
      "coeval serve --port 0 --json          # where it listens, as JSON on standard output\n"
      "curl localhost:6566/get-online-features -d '{\"features\": [\"weather:temp\"], "
      "\"entities\": {\"airport\": [\"JFK\"]}}'");
  auto arguments = std::make_shared<ServeArguments>();
  AddOption(command, "--host", "ADDRESS", &arguments->host,
            "A loopback address: 127.0.0.1 (serve.host in coeval.yaml)");
  AddOption(command, "-p,--port", "PORT", &arguments->port,
            "6566 (serve.port in coeval.yaml); 0 takes any free one")
      .Range(0, 65535);
  AddOption(command, "--log", "FORM", &arguments->log,
            "How requests are told: plain or json, a line each")
      .OneOf({"plain", "json"});
  AddFlag(command, "--all-requests", &arguments->all_requests,
          "Tell of all requests, not only of those that fail");
  SetAction(command, invocation,
            [invocation, arguments] { return RunServe(*invocation, *arguments); });
}

}  // namespace coeval

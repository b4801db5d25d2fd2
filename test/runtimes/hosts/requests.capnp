using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    # The peer is on the loopback address, which the default network does not lead to.
    (name = "loopback", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);

const worker :Workerd.Worker = (
  modules = [
    (name = "requests.js", esModule = embed "requests.js"),
    (name = "workers.js", esModule = embed "workers.js"),
    (name = "config.json", json = embed "config.json"),
  ],
  # Nothing of Node is asked for.
  compatibilityDate = "2026-11-01",
  globalOutbound = "loopback"
);

using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    # The peer is on the loopback address, which the default network does not lead to.
    (name = "loopback", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true, trustedCertificates = [embed "peer.pem"]))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);

const worker :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "conformance.js", esModule = embed "conformance.js"),
  ],
  # Nothing of Node is asked for.
  compatibilityDate = "2026-11-01",
  globalOutbound = "loopback"
);

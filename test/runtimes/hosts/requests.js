// Serves the programs of the bundle beside it in a worker: they are built in the module, before the first request.
import config from "config.json"
import { makeWorker } from "./workers.js"

const worker = await makeWorker(config)

export default {
  fetch: (request) => worker(request)
}

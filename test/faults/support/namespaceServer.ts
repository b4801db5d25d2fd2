// Runs in a separate namespace. A Clerk that writes a line for each request it receives.
import { once } from "node:events"
import { createServer } from "node:http"
import { bodyFor } from "./responses.js"

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  request.resume()
  request.on("end", () => {
    process.stdout.write(`${request.method}\n`)
    response.writeHead(200, { "content-type": "application/json" }).end(bodyFor(request.url ?? "/"))
  })
})

server.listen(Number(process.argv[2]), "0.0.0.0", () => process.stdout.write("listening\n"))

await once(process.stdin, "data")
process.stdout.write("no more requests\n", () => process.exit())

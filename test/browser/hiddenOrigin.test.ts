/** What a browser sends for the form of a page that hides its origin. The rule for cookies relies on it. */
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, onTestFinished, test } from "vitest"
import { newPage } from "./support/scenario.js"

const form = (action: string) => `<form method="post" action="${action}"><button>Send</button></form>`
const submit = "<script>document.forms[0].submit()</script>"

/** Loads a page of a server, and returns the headers of the form that is sent to the same server. */
const posted = async (path: "/own" | "/sandboxed"): Promise<IncomingHttpHeaders> => {
  let receive: (headers: IncomingHttpHeaders) => void
  const received = new Promise<IncomingHttpHeaders>((resolve) => {
    receive = resolve
  })
  const server = createServer((request, response) => {
    if (request.method === "POST") receive(request.headers)
    response.setHeader("content-type", "text/html").setHeader("referrer-policy", "no-referrer")
    const document = `${form(`http://${request.headers.host}/sent`)}${submit}`
    if (request.url === "/own") response.end(document)
    else if (request.url === "/sandboxed") {
      response.end(`<iframe sandbox="allow-forms allow-scripts" srcdoc='${document}'></iframe>`)
    } else response.end("received")
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const page = await newPage()
  // `listen` with a port gives an address of this shape.
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`)
  const headers = await received
  await page.close()
  return headers
}

test("the form of a page of the server says that it is from the same origin", async () => {
  const headers = await posted("/own")
  assert.deepInclude(headers, { origin: "null", "sec-fetch-site": "same-origin" })
})

test("the form of a sandboxed page says that it is from another site", async () => {
  const headers = await posted("/sandboxed")
  assert.deepInclude(headers, { origin: "null", "sec-fetch-site": "cross-site" })
})

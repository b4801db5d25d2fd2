import { Effect } from "effect"
import { HttpServerRequest } from "#test/httpServer.js"
import { describe, expect, it } from "#test/vitest.js"
import { type IncomingRequest, readCredential } from "../../../src/core/server/credential.js"
import { makeParties } from "../../../src/core/token/settings.js"
import { withPollutedPrototype } from "../../support/pollution.js"

const app = "https://app.example.com"

const request = (headers: Record<string, string>, method = "GET") =>
  HttpServerRequest.fromWeb(new Request("http://api.test/", { method, headers }))

const found = (request: IncomingRequest, names = ["__session_abc", "__session"]) => {
  const token = readCredential(request, names, makeParties([app]))
  return typeof token === "string" ? token : token.fields.reason
}

describe("the token of a request", () => {
  it("is the text after the scheme, in any case and after any number of spaces", () => {
    for (const scheme of ["Bearer ", "bearer ", "BEARER ", "bEaReR   "]) {
      expect(found(request({ authorization: `${scheme}a.b.c` }))).toBe("a.b.c")
    }
  })

  it("is not changed, so that the verifier rejects it", () => {
    for (const token of ["a b", "a,b", "a, Bearer b", '"a"', "a\tb", "a=", "bearer a"]) {
      expect(found(request({ authorization: `Bearer ${token}` }))).toBe(token)
    }
    expect(found(request({ authorization: "Bearer\ta" }))).toBe("\ta")
  })

  it("is missing where the scheme stands alone, also beside a cookie", () => {
    expect(found(request({ authorization: "Bearer", cookie: "__session=c" }))).toBe("missing")
  })

  it("is that of the cookie where the scheme is another", () => {
    for (const authorization of ["Basic Og==", "Bearerx a", "XBearer a", "Bearer,a", "a", ""]) {
      expect(found(request({ authorization, cookie: "__session=c" }))).toBe("c")
    }
  })

  it("is that of the first cookie in the order of the names, not of the header", () => {
    const cookie = "__session=plain; __session_abc=own"
    expect(found(request({ cookie }))).toBe("own")
    expect(found(request({ cookie }), ["__session"])).toBe("plain")
    expect(found(request({ cookie }), [])).toBe("missing")
    expect(found(request({ cookie: "__session=plain; __session_abc=" }))).toBe("plain")
  })

  it("is found at the end of a very long header", () => {
    const cookie = `${Array.from({ length: 10_000 }, (_, i) => `c${i}=v`).join("; ")}; __session=c`
    expect(found(request({ cookie }))).toBe("c")
  })

  it("is read from a bearer header without reading the cookies", () => {
    const untouchable = new Proxy(request({ authorization: "Bearer a", cookie: "__session=c" }), {
      get: (target, key) => {
        if (key === "cookies") throw new Error("the cookies were read")
        return Reflect.get(target, key, target)
      }
    })
    expect(found(untouchable)).toBe("a")
  })
})

describe("from another origin a cookie counts", () => {
  const origins: ReadonlyArray<readonly [method: string, counts: boolean]> = [
    ["GET", true],
    ["HEAD", true],
    ["OPTIONS", true],
    ["POST", false],
    ["PUT", false],
    ["PATCH", false],
    ["DELETE", false],
    ["PROPFIND", false]
  ]

  it.each(origins)("for %s: %s", (method, counts) => {
    const foreign = { cookie: "__session=c", origin: "https://evil.test" }
    expect(found(request(foreign, method))).toBe(counts ? "c" : "cross-origin")
    expect(found(request({ ...foreign, origin: app }, method))).toBe("c")
  })

  it("where the predicate for the parties returns true", () => {
    const accepting = (parties: (origin: string) => boolean, origin: string) => {
      const token = readCredential(
        request({ cookie: "__session=c", origin }, "POST"),
        ["__session"],
        makeParties(parties)
      )
      return typeof token === "string" ? token : [token.fields.reason, token.fields.expected]
    }
    expect(accepting((origin) => origin === app, app)).toBe("c")
    expect(accepting((origin) => origin === app, "https://evil.test")).toEqual(["cross-origin", undefined])
    const tooLong = `https://${"a-".repeat(8_000)}a.test`
    for (const origin of ["null", "*", `${app}/`, `${app} https://evil.test`, "about:blank", tooLong]) {
      expect(accepting(() => true, origin)).toEqual(["cross-origin", undefined])
    }
  })

  it("never without known parties", () => {
    const posted = request({ cookie: "__session=c", origin: app }, "POST")
    expect(readCredential(posted, ["__session"], undefined)).toMatchObject({
      _tag: "ClerkTokenError",
      fields: { reason: "cross-origin" }
    })
  })

  it("but not to open a WebSocket", () => {
    const handshake = { cookie: "__session=c", upgrade: "websocket" }
    expect(found(request({ ...handshake, origin: "https://evil.test" }))).toBe("cross-origin")
    expect(found(request({ ...handshake, origin: app }))).toBe("c")
    expect(found(request(handshake))).toBe("c")
  })
})

describe("an inherited property is not a part of a request:", () => {
  // Node's headers are such plain objects.
  const bare = (headers: Record<string, string>, method = "GET"): IncomingRequest => ({
    headers,
    method,
    cookies: {}
  })

  it.effect("a bearer token", () =>
    Effect.sync(() => {
      expect(found(bare({}))).toBe("missing")
    }).pipe(withPollutedPrototype({ authorization: "Bearer a" }))
  )

  it.effect("a cookie", () =>
    Effect.sync(() => {
      expect(found(bare({}))).toBe("missing")
      expect(found(bare({ cookie: "a=b" }))).toBe("missing")
    }).pipe(withPollutedPrototype({ cookie: "__session=c", __session: "c", __session_abc: "c" }))
  )

  it.effect("an origin", () =>
    Effect.sync(() => {
      const posted = { ...bare({ cookie: "__session=c" }, "POST"), cookies: { __session: "c" } }
      expect(found(posted)).toBe("c")
    }).pipe(withPollutedPrototype({ origin: "https://evil.test", upgrade: "websocket" }))
  )
})

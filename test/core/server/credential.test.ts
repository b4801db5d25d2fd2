import { Effect } from "effect"
import { HttpServerRequest } from "#test/httpServer.js"
import { describe, expect, it } from "#test/vitest.js"
import type { CookieOwner } from "../../../src/core/server/cookies.js"
import { type IncomingRequest, readCredential } from "../../../src/core/server/credential.js"
import { makeParties, type Parties } from "../../../src/core/token/settings.js"
import { withPollutedPrototype } from "../../support/pollution.js"
import { app, issuer, now, sessionToken } from "../../support/tokens.js"

const owner: CookieOwner = { suffix: "abc", issuer, isDevelopment: false, requireClientUat: true }
const lenient: CookieOwner = { ...owner, requireClientUat: false }

const request = (headers: Record<string, string>, method = "GET") =>
  HttpServerRequest.fromWeb(new Request("http://api.test/", { method, headers }))

/** A request with a plain object of headers, as Node has them. */
const bare = (headers: Record<string, string>, method = "GET"): IncomingRequest => ({ headers, method })

const read = (request: IncomingRequest, given: CookieOwner | undefined, parties: Parties | undefined) => {
  const tokens = readCredential(request, given, parties, now)
  return "_tag" in tokens ? tokens.fields : tokens
}

/** The tokens to verify, or the reason for the rejection. */
const allFound = (request: IncomingRequest, given: CookieOwner | undefined = owner) => {
  const tokens = read(request, given, makeParties([app]))
  return "reason" in tokens ? tokens.reason : tokens
}

/** The only token to verify, or the reason for the rejection. */
const found = (request: IncomingRequest, given?: CookieOwner) => {
  const tokens = allFound(request, given)
  if (typeof tokens === "string") return tokens
  expect(tokens).toHaveLength(1)
  return tokens[0]
}

/** The cookies of a browser that is signed in, with a token that cannot be read. */
const signedIn = "__session=c; __client_uat=1"

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
    expect(found(request({ authorization: "Bearer", cookie: signedIn }))).toBe("missing")
  })

  it("is that of the cookie where the scheme is another", () => {
    for (const authorization of ["Basic Og==", "Bearerx a", "XBearer a", "Bearer,a", "a", ""]) {
      expect(found(request({ authorization, cookie: signedIn }))).toBe("c")
    }
  })

  it("is that of the cookies that count for the instance", () => {
    const plain = sessionToken()
    const own = sessionToken({ iat: now + 1 })
    const cookie = `__session=${plain}; __client_uat=1; __session_abc=${own}; __client_uat_abc=1`
    expect(found(request({ cookie }))).toBe(own)
    expect(found(request({ cookie }), { ...owner, suffix: undefined })).toBe(plain)
    expect(found(request({ cookie }), { ...owner, suffix: "xyz" })).toBe(plain)
    expect(found(request({ cookie: cookie.replace(own, "") }))).toBe(plain)
  })

  it("is missing where no cookies are read", () => {
    expect(readCredential(request({ cookie: signedIn }), undefined, makeParties([app]), now)).toMatchObject({
      fields: { reason: "missing" }
    })
  })

  it("is found at the end of a very long header", () => {
    const cookie = `${Array.from({ length: 10_000 }, (_, i) => `c${i}=v`).join("; ")}; ${signedIn}`
    expect(found(request({ cookie }))).toBe("c")
  })

  it("is read from a bearer header without reading the cookies", () => {
    const untouchable = (headers: Record<string, string>) =>
      bare(
        Object.defineProperty(headers, "cookie", {
          get: () => {
            throw new Error("the cookies were read")
          }
        })
      )
    expect(found(untouchable({ authorization: "Bearer a" }))).toBe("a")
    expect(() => found(untouchable({}))).toThrow("the cookies were read")
  })
})

describe("the cookie __client_uat", () => {
  const issuedAt = (seconds: number) => sessionToken({ iat: seconds, exp: seconds + 60 })
  const token = issuedAt(now)

  const rows: ReadonlyArray<readonly [name: string, cookie: string, expected: string]> = [
    ["is missing", `__session=${token}`, "client-uat-missing"],
    ["is empty", `__session=${token}; __client_uat=`, "client-uat-missing"],
    ["is 0", `__session=${token}; __client_uat=0`, "client-uat-missing"],
    ["is no number", `__session=${token}; __client_uat=x`, "client-uat-missing"],
    ["is of the second of the token", `__session=${token}; __client_uat=${now}`, token],
    ["is older than the token", `__session=${token}; __client_uat=${now - 1}`, token],
    ["is newer by one second", `__session=${token}; __client_uat=${now + 1}`, "client-uat-newer"],
    ["is newer by a year", `__session=${token}; __client_uat=${now + 31_536_000}`, "client-uat-newer"],
    ["is before a token without a readable time", `__session=c; __client_uat=${now}`, "c"],
    ["is of another instance", `__session=${token}; __client_uat_xyz=${now}`, "client-uat-missing"],
    ["states a sign-in without a session", `__client_uat=${now}`, "missing"],
    ["is 0 without a session", "__client_uat=0", "missing"],
    [
      "has the suffix, and so has the session",
      `__session_abc=${token}; __client_uat_abc=${now + 1}; __client_uat=1`,
      "client-uat-newer"
    ]
  ]

  it.each(rows)("%s", (_, cookie, expected) => {
    expect(found(request({ cookie }))).toBe(expected)
  })

  it("rejects only the tokens that are older, of several", () => {
    const [old, current, newest] = [issuedAt(now - 100), issuedAt(now - 50), issuedAt(now)]
    const cookie = `__session=${old}; __session=${newest}; __session=${current}; __client_uat=${now - 50}`
    expect(allFound(request({ cookie }))).toEqual([newest, current])
  })

  it("is not read where it is not required", () => {
    for (const uat of ["", "; __client_uat=0", `; __client_uat=${now + 1}`]) {
      expect(found(request({ cookie: `__session=${token}${uat}` }), lenient)).toBe(token)
    }
    expect(found(request({ cookie: "__client_uat=1" }), lenient)).toBe("missing")
  })

  it("does not matter beside a bearer token", () => {
    expect(found(request({ authorization: "Bearer a", cookie: `__session=${token}; __client_uat=0` }))).toBe(
      "a"
    )
  })

  it("does not hide that the request comes from another origin", () => {
    const cookie = `__session=${token}; __client_uat=0`
    expect(found(request({ cookie, origin: "https://evil.test" }, "POST"))).toBe("cross-origin")
    expect(found(request({ cookie, origin: app }, "POST"))).toBe("client-uat-missing")
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
    const foreign = { cookie: signedIn, origin: "https://evil.test" }
    expect(found(request(foreign, method))).toBe(counts ? "c" : "cross-origin")
    expect(found(request({ ...foreign, origin: app }, method))).toBe("c")
  })

  it("where the predicate for the parties returns true", () => {
    const accepting = (parties: (origin: string) => boolean, origin: string) => {
      const tokens = read(request({ cookie: signedIn, origin }, "POST"), owner, makeParties(parties))
      return "reason" in tokens ? [tokens.reason, tokens.expected] : tokens
    }
    expect(accepting((origin) => origin === app, app)).toEqual(["c"])
    expect(accepting((origin) => origin === app, "https://evil.test")).toEqual(["cross-origin", undefined])
    const tooLong = `https://${"a-".repeat(8_000)}a.test`
    for (const origin of ["null", "*", `${app}/`, `${app} https://evil.test`, "about:blank", tooLong]) {
      expect(accepting(() => true, origin)).toEqual(["cross-origin", undefined])
    }
  })

  it("never without known parties", () => {
    const posted = request({ cookie: signedIn, origin: app }, "POST")
    expect(readCredential(posted, owner, undefined, now)).toMatchObject({
      _tag: "ClerkTokenError",
      fields: { reason: "cross-origin" }
    })
  })

  it("except when the request opens a WebSocket", () => {
    const handshake = { cookie: signedIn, upgrade: "websocket" }
    expect(found(request({ ...handshake, origin: "https://evil.test" }))).toBe("cross-origin")
    expect(found(request({ ...handshake, origin: app }))).toBe("c")
    expect(found(request(handshake))).toBe("c")
  })
})

describe("an inherited property is not a part of a request:", () => {
  it.effect("a bearer token", () =>
    Effect.sync(() => {
      expect(found(bare({}))).toBe("missing")
    }).pipe(withPollutedPrototype({ authorization: "Bearer a" }))
  )

  it.effect("a cookie", () =>
    Effect.sync(() => {
      expect(found(bare({}))).toBe("missing")
      expect(found(bare({ cookie: "a=b" }))).toBe("missing")
    }).pipe(
      withPollutedPrototype({ cookie: signedIn, __session: "c", __session_abc: "c", __client_uat: "1" })
    )
  )

  it.effect("an origin", () =>
    Effect.sync(() => {
      expect(found(bare({ cookie: signedIn }, "POST"))).toBe("c")
    }).pipe(withPollutedPrototype({ origin: "https://evil.test", upgrade: "websocket" }))
  )
})

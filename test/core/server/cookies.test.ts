import { createClerkClient } from "@clerk/backend"
import { Effect } from "effect"
import * as FastCheck from "fast-check"
import { assert, describe, expect, it } from "#test/vitest.js"
import { RuleBreak } from "../../../src/core/input.js"
import { readPublishableKey } from "../../../src/core/keys/publishableKey.js"
import {
  type CookieOwner,
  cookieValue,
  readCookies,
  readSessionCookies
} from "../../../src/core/server/cookies.js"
import { checked } from "../../support/properties.js"
import { category, encode, issuer, now } from "../../support/tokens.js"

/** A token whose signature nobody verifies here. */
const token = (claims: object) =>
  `${encode({ alg: "RS256", typ: "JWT", kid: "ins_ours", cat: category.session })}.${encode(claims)}.c2ln`

/** A token of this instance, by its age in seconds. */
const aged = (age: number, claims: object = {}) =>
  token({ iss: issuer, iat: now - age, exp: now - age + 60, ...claims })

const foreign = (age: number) => aged(age, { iss: "https://clerk.other.test" })

const production: CookieOwner = { suffix: "abc", issuer, isDevelopment: false, requireClientUat: true }
const development: CookieOwner = { ...production, isDevelopment: true }
const lenient: CookieOwner = { ...production, requireClientUat: false }

const read = (header: string, owner: CookieOwner = production) => {
  const { clientUat, tokens, usesSuffix } = readSessionCookies(readCookies(header), owner, now)
  return { usesSuffix, tokens: tokens.map(({ token }) => token), clientUat }
}

describe("a Cookie header", () => {
  const values = (header: string | undefined) => Object.fromEntries(readCookies(header))

  it("keeps every value of a name, in order", () => {
    expect(values("a=1; b=2; a=3;a=1")).toEqual({ a: ["1", "3", "1"], b: ["2"] })
  })

  it("may be absent, empty or malformed", () => {
    expect(values(undefined)).toEqual({})
    expect(values("")).toEqual({})
    expect(values(";; ; =x; a; b=; =; c=1=2 ;d")).toEqual({ b: [""], c: ["1=2"] })
  })

  it("may quote and percent-encode a value", () => {
    expect(values('a="x y"; b=%7B%22%7D; c=%; d=%zz; e="; f=%22x%22; g=""; h=a%3Db')).toEqual({
      a: ["x y"],
      b: ['{"}'],
      c: ["%"],
      d: ["%zz"],
      e: ['"'],
      f: ['"x"'],
      g: [""],
      h: ["a=b"]
    })
  })

  it("has names in their exact case, also those of properties that all objects inherit", () => {
    const cookies = readCookies("__SESSION=x; __proto__=p; constructor=c")
    expect(cookieValue(cookies, "__session")).toBeUndefined()
    expect(cookieValue(cookies, "toString")).toBeUndefined()
    expect(cookieValue(cookies, "__proto__")).toBe("p")
    expect(cookieValue(cookies, "constructor")).toBe("c")
  })

  it("gives the first value that is not empty", () => {
    expect(cookieValue(readCookies("a=; a=1; a=2"), "a")).toBe("1")
    expect(cookieValue(readCookies("a="), "a")).toBeUndefined()
    expect(cookieValue(readCookies("a=1"), undefined)).toBeUndefined()
  })
})

/** The four cookies. Absent ones are not in the header. */
interface Four {
  readonly plain?: string
  readonly own?: string
  readonly plainUat?: string
  readonly ownUat?: string
}

const names = {
  plain: "__session",
  own: "__session_abc",
  plainUat: "__client_uat",
  ownUat: "__client_uat_abc"
} as const

const headerOf = (four: Four) =>
  Object.entries(four)
    .map(([key, value]) => `${names[key as keyof Four]}=${value}`) // a name of the interface
    .join("; ")

type Chosen = "plain" | "own"

describe("the cookies that count", () => {
  const uats = { plainUat: "1", ownUat: "1" }
  const old = aged(50)
  const young = aged(10)
  const expired = aged(100)
  const rows: ReadonlyArray<
    readonly [name: string, four: Four, chosen: Chosen, token?: string | undefined, owner?: CookieOwner]
  > = [
    ["without any", {}, "plain", undefined],
    ["with none that has the suffix", { plain: young, plainUat: "1" }, "plain", young],
    ["with the suffix only", { own: young, ownUat: "1" }, "own", young],
    ["with the suffix, after a sign-out", { ownUat: "0", plainUat: "0" }, "own", undefined],
    ["with both, of one age", { plain: young, own: young, ...uats }, "own", young],
    ["with both, the suffixed one newer", { plain: old, own: young, ...uats }, "own", young],
    ["with both, the plain one newer", { plain: young, own: old, ...uats }, "plain", young],
    ["with the plain one newer and no uat", { plain: young, own: old }, "plain", young],
    ["with both, and no uat", { plain: old, own: young }, "plain", old],
    ["with a plain session beside a suffixed sign-in", { plain: young, ownUat: "1" }, "plain", young],
    [
      "with a suffixed sign-out beside a plain sign-in",
      { plain: old, own: young, plainUat: "1", ownUat: "0" },
      "plain",
      old
    ],
    ["with a suffixed sign-out and no plain uat", { plain: old, own: young, ownUat: "0" }, "plain", old],
    ["with two sign-outs", { plain: young, own: old, plainUat: "0", ownUat: "0" }, "own", old],
    [
      "with a plain sign-out beside a suffixed sign-in, in production",
      { plain: young, own: expired, plainUat: "0", ownUat: "1" },
      "own",
      expired
    ],
    [
      "with a plain sign-out beside an expired suffixed session, in development",
      { plain: young, own: expired, plainUat: "0", ownUat: "1" },
      "plain",
      young,
      development
    ],
    [
      "with a plain sign-out beside a current suffixed session, in development",
      { plain: young, own: old, plainUat: "0", ownUat: "1" },
      "own",
      old,
      development
    ],
    [
      "with a suffixed session that expires this second, in development",
      { own: aged(60), plainUat: "0", ownUat: "1" },
      "plain",
      undefined,
      development
    ],
    [
      "with two sign-outs and an expired session, in development",
      { own: expired, plainUat: "0", ownUat: "0" },
      "own",
      expired,
      development
    ],
    ["with a suffixed session without its uat", { own: young, plainUat: "1" }, "plain", undefined],
    ["with a plain session of another instance", { plain: foreign(10), plainUat: "1" }, "own", undefined],
    ["with a newer plain session of another instance", { plain: foreign(10), own: old, ...uats }, "own", old],
    [
      "with a newer suffixed session of another instance",
      { plain: old, own: foreign(10), ...uats },
      "plain",
      old
    ],
    ["with a plain value that is no token", { plain: "x", plainUat: "1", ownUat: "1" }, "plain", "x"],
    ["with a token without an issuer", { plain: token({ iat: now }), ...uats }, "plain", token({ iat: now })],
    ["with two values that are no tokens", { plain: "x", own: "y", ...uats }, "plain", "x"],
    [
      "with a plain value that is no token beside a suffixed session",
      { plain: "x", own: young, ...uats },
      "own",
      young
    ],
    ["with a suffixed value that is no token", { plain: old, own: "x", ...uats }, "plain", old],
    ["with an empty plain session", { plain: "", own: young, ...uats }, "own", young],
    ["with an empty suffixed session", { plain: young, own: "", ...uats }, "plain", young],
    ["with an empty suffixed uat", { plain: old, own: young, plainUat: "1", ownUat: "" }, "plain", old],
    [
      "with a quoted, percent-encoded token",
      { own: `"${encodeURIComponent(young)}"`, ownUat: '"1"' },
      "own",
      young
    ],
    [
      "of another instance only, where any issuer is accepted",
      { plain: foreign(10), own: old, ...uats },
      "plain",
      foreign(10),
      { ...production, issuer: undefined }
    ],
    [
      "where no suffix is known",
      { plain: old, own: young, ...uats },
      "plain",
      old,
      { ...production, suffix: undefined }
    ]
  ]

  for (const [name, four, chosen, expected, owner] of rows) {
    it(name, () => {
      const { tokens, usesSuffix } = read(headerOf(four), owner)
      expect([usesSuffix ? "own" : "plain", tokens]).toEqual([
        chosen,
        expected === undefined ? [] : [expected]
      ])
    })
  }

  it("are followed by their own __client_uat", () => {
    const uats = { plainUat: "5", ownUat: "7" }
    expect(read(headerOf({ own: young, plain: old, ...uats })).clientUat).toBe(7)
    expect(read(headerOf({ own: old, plain: young, ...uats })).clientUat).toBe(5)
    for (const [text, clientUat] of [
      ["", 0],
      ["x", 0],
      ["0", 0],
      ["12x", 12],
      ["1768478400", 1_768_478_400]
    ] as const) {
      expect(read(headerOf({ plain: young, plainUat: text })).clientUat).toBe(clientUat)
    }
  })
})

describe("duplicates of a cookie", () => {
  const cookie = (name: string, ...values: ReadonlyArray<string>) =>
    [...values.map((value) => `${name}=${value}`), `${name.replace("session", "client_uat")}=1`].join("; ")
  const [old, young, newest] = [aged(50), aged(20), aged(1)]

  for (const name of ["__session", "__session_abc"]) {
    it(`of the name ${name} are verified from the newest to the oldest, in any order`, () => {
      for (const values of [
        [old, young, newest],
        [newest, old, young],
        [young, newest, old]
      ]) {
        expect(read(cookie(name, ...values)).tokens).toEqual([newest, young, old])
      }
    })

    it(`of the name ${name} never count where they are of another instance`, () => {
      expect(read(cookie(name, foreign(1), young)).tokens).toEqual([young])
      expect(read(cookie(name, young, foreign(1))).tokens).toEqual([young])
      expect(read(cookie(name, foreign(1), foreign(2))).tokens).toEqual([])
    })

    it(`of the name ${name} come last where they cannot be read, and are skipped where they are empty`, () => {
      expect(read(cookie(name, "x", "", young)).tokens).toEqual([young, "x"])
      expect(read(cookie(name, young, "", "x", old)).tokens).toEqual([young, old, "x"])
    })

    it(`of the name ${name} are bounded, because each may cost a signature`, () => {
      const many = Array.from({ length: 5 }, (_, age) => aged(age))
      expect(read(cookie(name, ...many)).tokens).toEqual(many.slice(0, 4))
      expect(read(cookie(name, ...Array.from({ length: 1_000 }, () => "x"))).tokens).toHaveLength(4)
      // Empty cookies cost none.
      expect(read(cookie(name, "", "", "", "", "", young)).tokens).toEqual([young])
    })
  }

  it("do not mix the two names", () => {
    expect(read(`${cookie("__session_abc", young, old)}; ${cookie("__session", aged(30))}`).tokens).toEqual([
      young,
      old
    ])
  })

  it("decide by the newest of each name between the two", () => {
    const both = (plain: ReadonlyArray<string>, own: ReadonlyArray<string>) =>
      read(`${cookie("__session", ...plain)}; ${cookie("__session_abc", ...own)}`).usesSuffix
    expect(both([old, newest], [young])).toBe(false)
    expect(both([old, young], [newest, old])).toBe(true)
    expect(both([foreign(0), old], [young])).toBe(true)
    expect(both([foreign(0), newest], [young])).toBe(false)
  })
})

describe("where __client_uat is not required", () => {
  it("the tokens of both names count, the newest first, with any uat", () => {
    const [old, young] = [aged(50), aged(20)]
    for (const uats of [{}, { plainUat: "0", ownUat: "0" }, { plainUat: "1", ownUat: "0" }]) {
      expect(read(headerOf({ plain: old, own: young, ...uats }), lenient).tokens).toEqual([young, old])
      expect(read(headerOf({ plain: young, own: old, ...uats }), lenient).tokens).toEqual([young, old])
    }
  })

  it("the tokens are of this instance, and bounded", () => {
    expect(read(headerOf({ plain: foreign(1), own: aged(9) }), lenient).tokens).toEqual([aged(9)])
    const many = (name: string) => Array.from({ length: 9 }, (_, age) => `${name}=${aged(age)}`).join("; ")
    expect(read(`${many("__session")}; ${many("__session_abc")}`, lenient).tokens).toHaveLength(4)
  })
})

/** What a client reads from the cookies of a request. */
interface Reading {
  readonly usesSuffix: boolean
  readonly token: string | undefined
  readonly clientUat: number
}

/** A name for the option by which the context of the official client is caught. */
const probe = Symbol("probe")

class Caught extends Error {
  readonly context: unknown

  constructor(context: unknown) {
    super("caught")
    this.context = context
  }
}

/**
 * Reads the cookies with `@clerk/backend`. The package does not export its reader, which copies the options onto itself
 * once it has read the cookies. A setter that all objects inherit catches it there, before the token is verified.
 */
const official = async (publishableKey: string, cookie: string): Promise<Reading> => {
  const client = createClerkClient({ secretKey: "sk_test_x", publishableKey, telemetry: { disabled: true } })
  const request = new Request("https://app.example.com/", { headers: { cookie } })
  const options = { publishableKey, [probe]: true }
  const caught: unknown = await client.authenticateRequest(request, options).catch((error: unknown) => error)
  assert(caught instanceof Caught, "the official client did not read the cookies")
  // The members of its class `AuthenticateContext`, with their types there.
  const context = caught.context as {
    readonly usesSuffixedCookies: () => boolean
    readonly sessionTokenInCookie: string | undefined
    readonly clientUat: number
  }
  return {
    usesSuffix: context.usesSuffixedCookies(),
    token: context.sessionTokenInCookie,
    clientUat: context.clientUat
  }
}

const withProbe = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    Effect.sync(() =>
      Object.defineProperty(Object.prototype, probe, {
        configurable: true,
        set() {
          throw new Caught(this)
        }
      })
    ),
    () => self,
    () => Effect.sync(() => Reflect.deleteProperty(Object.prototype, probe))
  )

/** The session cookies that a test makes, by what they hold. The times are relative to the clock of this process. */
type Kind = "own" | "foreign" | "no token" | "without issuer"

interface Made {
  readonly kind: Kind
  readonly value: string
  readonly issuedAt: number
}

const clock = Math.floor(Date.now() / 1000)

const make = (kind: Kind, age: number, lifetime: number): Made => {
  const issuedAt = clock - age
  const times = { iat: issuedAt, exp: issuedAt + lifetime }
  switch (kind) {
    case "no token":
      return { kind, value: `x${age}`, issuedAt: 0 }
    case "without issuer":
      return { kind, value: token(times), issuedAt: 0 }
    case "own":
      return { kind, value: token({ iss: issuer, ...times }), issuedAt }
    case "foreign":
      return { kind, value: token({ iss: "https://clerk.other.test", ...times }), issuedAt: 0 }
  }
}

interface Given {
  readonly plain: ReadonlyArray<Made>
  readonly own: ReadonlyArray<Made>
  readonly plainUat: ReadonlyArray<string>
  readonly ownUat: ReadonlyArray<string>
}

const headerFor = (suffix: string, { own, ownUat, plain, plainUat }: Given) =>
  [
    ...plain.map(({ value }) => `__session=${value}`),
    ...own.map(({ value }) => `__session_${suffix}=${value}`),
    ...plainUat.map((uat) => `__client_uat=${uat}`),
    ...ownUat.map((uat) => `__client_uat_${suffix}=${uat}`)
  ].join("; ")

const isToken = ({ kind }: Made) => kind === "own"
const isForeign = ({ kind }: Made) => kind === "foreign"

/** One cookie of a name: the newest of this instance, one that cannot be read, or one of another instance. */
const best = (all: ReadonlyArray<Made>): ReadonlyArray<Made> =>
  [...all]
    .sort(
      (a, b) =>
        Number(isToken(b)) - Number(isToken(a)) ||
        Number(isForeign(a)) - Number(isForeign(b)) ||
        b.issuedAt - a.issuedAt
    )
    .slice(0, 1)

const single = ({ own, ownUat, plain, plainUat }: Given): Given => ({
  plain: best(plain),
  own: best(own),
  plainUat: plainUat.filter((uat) => uat !== "").slice(0, 1),
  ownUat: ownUat.filter((uat) => uat !== "").slice(0, 1)
})

/**
 * The deliberate differences, with the cookies that this library disregards for each. Without them, the official client
 * has to come to the same result.
 */
const differences: ReadonlyArray<readonly [name: string, disregard: (given: Given) => Given]> = [
  ["duplicates", (given) => given],
  [
    "a suffixed session of another instance",
    (given) => ({ ...given, own: given.own.filter((each) => !isForeign(each)) })
  ],
  [
    "a plain session that cannot be read, beside a suffixed one that can",
    (given) => {
      const own = given.own.filter((each) => !isForeign(each))
      return {
        ...given,
        own,
        plain: own.some(isToken)
          ? given.plain.filter((each) => isToken(each) || isForeign(each))
          : given.plain
      }
    }
  ]
]

const madeWith = (...kinds: ReadonlyArray<Kind>) =>
  FastCheck.record({
    kind: FastCheck.constantFrom(...kinds),
    // No time is so close to the clock that a slow test could change the result.
    age: FastCheck.constantFrom(30, 35, 100, 300),
    lifetime: FastCheck.constantFrom(60, 1_000)
  }).map(({ age, kind, lifetime }) => make(kind, age, lifetime))

const some = <A>(one: FastCheck.Arbitrary<A>): FastCheck.Arbitrary<ReadonlyArray<A>> =>
  FastCheck.oneof(
    { weight: 3, arbitrary: FastCheck.constant([]) },
    { weight: 12, arbitrary: one.map((each) => [each]) },
    { weight: 2, arbitrary: FastCheck.array(one, { minLength: 2, maxLength: 3 }) }
  )

const uat = some(
  FastCheck.oneof(
    FastCheck.constantFrom("0", ""),
    FastCheck.constantFrom("1", String(clock - 32), String(clock + 10), "x")
  )
)

const given: FastCheck.Arbitrary<Given> = FastCheck.record({
  plain: some(madeWith("own", "own", "own", "foreign", "no token", "without issuer")),
  // A suffixed cookie without an issuer is left out: the official client takes its age, though it can never be valid.
  own: some(madeWith("own", "own", "own", "own", "own", "foreign", "no token")),
  plainUat: uat,
  ownUat: uat
})

const publishableKeys = ["pk_live_Y2xlcmsuZXhhbXBsZS5jb20k", "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k"]

describe("readSessionCookies and @clerk/backend", () => {
  it.live(
    "choose the same cookies, but for the differences with a name",
    () =>
      Effect.gen(function* () {
        const counts = new Map<string, number>()
        const count = (name: string): void => {
          counts.set(name, (counts.get(name) ?? 0) + 1)
        }

        const compare = async (publishableKey: string, given: Given): Promise<void> => {
          const identity = await readPublishableKey(publishableKey)
          if (identity instanceof RuleBreak) throw new Error("the publishable key of the test is invalid")
          const { cookieSuffix: suffix, isDevelopment } = identity
          const owner = { suffix, issuer: identity.issuer, isDevelopment, requireClientUat: true }
          const header = headerFor(suffix, given)
          const { clientUat, tokens, usesSuffix } = readSessionCookies(readCookies(header), owner, clock)
          const ours: Reading = { usesSuffix, token: tokens[0]?.token, clientUat }
          count(`${isDevelopment ? "development" : "production"}, ${usesSuffix ? "suffixed" : "plain"}`)

          const theirs = await official(publishableKey, header)
          const isSame = (other: Reading) => JSON.stringify(other) === JSON.stringify(ours)
          if (isSame(theirs)) return count("agreed")
          for (const [name, disregard] of differences) {
            const rest = single(disregard(given))
            const changes = headerFor(suffix, rest) !== header
            if (changes && isSame(await official(publishableKey, headerFor(suffix, rest)))) return count(name)
          }
          expect(ours).toEqual(theirs)
        }

        yield* checked(
          [FastCheck.constantFrom(...publishableKeys), given] as const,
          ([key, given]) => Effect.promise(() => compare(key, given)),
          4_000
        )

        // The comparison is void for a case that did not occur.
        for (const [name] of differences) expect([name, (counts.get(name) ?? 0) > 10]).toEqual([name, true])
        expect(counts.get("agreed")).toBeGreaterThan(2_500)
        for (const instance of ["development", "production"]) {
          for (const kind of ["suffixed", "plain"]) {
            expect(counts.get(`${instance}, ${kind}`)).toBeGreaterThan(300)
          }
        }
      }).pipe(withProbe),
    60_000
  )
})

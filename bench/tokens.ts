/** A generated key and tokens signed with it, in Clerk's form for a member of an organization. */
import { createSign, generateKeyPairSync } from "node:crypto"

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })

const kid = "ins_2g7np7Hrk0SN6kj5EDMLDaKNL0S"

export const party = "https://app.example.com"
export const tokenUser = "user_2g7np7Hrk0SN6kj5EDMLDaKNL0S"

export const pem = publicKey.export({ type: "spki", format: "pem" }).toString()

export const keySet = JSON.stringify({
  keys: [{ ...publicKey.export({ format: "jwk" }), kid, use: "sig", alg: "RS256" }]
})

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url")

const issuedAt = Math.floor(Date.now() / 1000)

const tokenOf = (session: number): string => {
  const header = { alg: "RS256", cat: "cl_B7d4PD111AAA", kid, typ: "JWT" }
  const claims = {
    azp: party,
    exp: issuedAt + 86_400,
    fea: "o:dashboard,o:invoices",
    fva: [3, -1],
    iat: issuedAt,
    iss: "https://clerk.example.com",
    jti: "3c87a3ec6b8d0a66a1ab",
    nbf: issuedAt - 10,
    o: {
      fpm: "3,1",
      id: "org_2g7np7Hrk0SN6kj5EDMLDaKNL0S",
      per: "read,manage",
      rol: "admin",
      slg: "acme"
    },
    pla: "o:team",
    sid: `sess_2g7np7Hrk0SN6kj5E${String(session).padStart(10, "0")}`,
    sts: "active",
    sub: tokenUser,
    v: 2
  }
  const signed = `${part(header)}.${part(claims)}`
  return `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey).toString("base64url")}`
}

export const tokens: ReadonlyArray<string> = Array.from({ length: 64 }, (_, session) => tokenOf(session))

let taken = 0

/** One token after the other, so that no client verifies the same one twice in a row. */
export const nextToken = (): number => taken++ % tokens.length

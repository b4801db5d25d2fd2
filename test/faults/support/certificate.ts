import { generateKeyPairSync, sign } from "node:crypto"

const der = (tag: number, ...parts: ReadonlyArray<Uint8Array>): Buffer => {
  const content = Buffer.concat(parts)
  const length =
    content.length < 128
      ? [content.length]
      : content.length < 256
        ? [0x81, content.length]
        : [0x82, content.length >> 8, content.length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

const sequence = (...parts: ReadonlyArray<Uint8Array>) => der(0x30, ...parts)
const integer = (value: number) => der(0x02, Buffer.from([value]))
const oid = (hex: string) => der(0x06, Buffer.from(hex, "hex"))

const ecdsaWithSha256 = sequence(oid("2a8648ce3d040302"))
const name = (commonName: string) =>
  sequence(der(0x31, sequence(oid("550403"), der(0x0c, Buffer.from(commonName)))))

/** UTCTime, which RFC 5280 requires until 2049. */
const time = (date: Date) => der(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replace(/\D/g, "")}Z`))

const day = 24 * 60 * 60 * 1_000

export interface CertificateOptions {
  readonly host: string
  /** Days from now. */
  readonly from?: number
  readonly to?: number
}

/** A key and a certificate signed with it, for one host name, in PEM. */
export const selfSigned = ({ host, from = -1, to = 1 }: CertificateOptions) => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const subject = name(host)
  const address = /^\d+(\.\d+){3}$/.test(host)
    ? der(0x87, Buffer.from(host.split(".").map(Number)))
    : der(0x82, Buffer.from(host))
  const alternativeName = sequence(oid("551d11"), der(0x04, sequence(address)))
  const body = sequence(
    der(0xa0, integer(2)), // version 3
    integer(1),
    ecdsaWithSha256,
    subject,
    sequence(time(new Date(Date.now() + from * day)), time(new Date(Date.now() + to * day))),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(alternativeName))
  )
  const signature = der(0x03, Buffer.from([0]), sign("sha256", body, privateKey))
  const base64 = sequence(body, ecdsaWithSha256, signature).toString("base64")
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString()
  }
}

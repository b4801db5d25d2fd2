import { ownProperties } from "../input.js"
import type { VerificationKey } from "../model.js"
import { type CompactToken, decodeBase64url } from "./compact.js"

/*
 * Verifies RS256 with `node:crypto` where the runtime has it, and with WebCrypto elsewhere. WebCrypto is asynchronous,
 * which costs more than the signature. `node:crypto` is not imported but looked up, so a bundle is for any runtime.
 */

/** The two numbers of an RSA public key, base64url. */
export interface RsaNumbers {
  readonly n: string
  readonly e: string
}

/** What `node:crypto` verifies with: a key object, and its padding, which depends on the key by default. */
type NodeKey = object

/** The part of `node:crypto` in use. */
export interface NodeCrypto {
  readonly createPublicKey: (key: object) => { readonly asymmetricKeyType?: string | undefined }
  readonly createVerify: (algorithm: "RSA-SHA256") => NodeVerify
  readonly constants: { readonly RSA_PKCS1_PADDING: number }
}

interface NodeVerify {
  readonly update: (text: string) => NodeVerify
  readonly verify: (key: NodeKey, signature: string, encoding: "base64url") => boolean
}

/** What verifies in this process: WebCrypto alone if `node` is absent. Only tests set it from outside. */
export const backend: { isChosen: boolean; node: NodeCrypto | undefined } = {
  isChosen: false,
  node: undefined
}

/** The keys that were imported here. A copy of one, or a key of the caller's own, is not among them. */
const nodeKeys = new WeakMap<CryptoKey, NodeKey>()

/** Without a prototype, as all options here, because an inherited member would count. */
const jwkOf = ({ e, n }: RsaNumbers) => ownProperties({ kty: "RSA", n, e })

const makeNodeKey = ({ constants, createPublicKey }: NodeCrypto, numbers: RsaNumbers): NodeKey => {
  const key = createPublicKey(ownProperties({ key: jwkOf(numbers), format: "jwk" }))
  if (key.asymmetricKeyType !== "rsa") throw new Error("not an RSA key")
  return ownProperties({ key, padding: constants.RSA_PKCS1_PADDING })
}

const verifyWithNode = (node: NodeCrypto, key: NodeKey, text: string, signature: string): boolean => {
  try {
    return node.createVerify("RSA-SHA256").update(text).verify(key, signature, "base64url") === true
  } catch {
    // A signature that cannot be checked is not valid.
    return false
  }
}

const ascii = new TextEncoder()

const verifyWithWebCrypto = (key: CryptoKey, text: string, signature: string): Promise<boolean> =>
  crypto.subtle.verify(algorithm.name, key, decodeBase64url(signature), ascii.encode(text)).catch(() => false)

/** A signature made with a key that is used nowhere else. */
const vector = {
  n: "tjDAnrHf1dEvaoqgIIeZzgwFxpN_biMLZVN0XO7idwT2Bx3Pmqlo8BqgtLNXKGqAsxBsdU5gSjjQkbD6HKqgN7mIpW7CWuEEtgPLvZIzYUNEK8-r1ZltiAQWJrWUPjONPb-ikCtjJXwgp-A25aLEOCCn4aOmKKSGoytsQoJy0ioItkxz18AMihpuvVLPtdkM-tq5oUl3UITdiF5sMSL-OQJKh0gBKi0lIZUHazJ6YC23cixS9LDOPeLC_GV85_HKT2xbyiUrGd6-0sKg-kAP5dQgzzDPex8e6TGDfccPa96nAthRiqA_6C4AXZl-q-BHdpsHagGS8vBRzD618m54lw",
  e: "AQAB",
  text: "effect-clerk",
  signature:
    "VDwYe6YCtt2y-0jUsrehnQGW-pquab9oZzvWdC5BSX7dBAGGPCWLqoSrPu1cusoRqojw_xHDE-jpvFsbaoWMwApVZjMf-VAXwizp6vaRtGY3mXnnSGZDuXoahKPHk2biW-Nh3nSkZWISiHOcq0NThFnK05vTUZfdBj4CfNUH0b-LnI80jxnXcNVsZhQ0soxNt1QgIhN_Zcn6TKRb-OufYH4Ik8ZQcWQhJ7K0OXVIhJGWrLQCdYawyXsdsu4hEIEQIBEQuo9O1b71Y2CtBgfbh0y6nFi47oK1YFi5gost8pZhtzvoTgcVtzshH4b234hUmt76050AbHyZImwVODZpsw"
}

/** Returns `node:crypto` if the runtime has it, and it accepts a valid signature and rejects an invalid one. */
const testedNode = (): NodeCrypto | undefined => {
  try {
    // The sources are compiled without the types of Node, and these are the parts in use.
    const runtime = globalThis as {
      readonly process?: { readonly getBuiltinModule?: (id: string) => NodeCrypto | undefined }
    }
    const node = runtime.process?.getBuiltinModule?.("node:crypto")
    if (node === undefined) return undefined
    const key = makeNodeKey(node, vector)
    const isSigned = (signature: string) => verifyWithNode(node, key, vector.text, signature)
    return isSigned(vector.signature) && !isSigned(vector.signature.replace("V", "W")) ? node : undefined
  } catch {
    return undefined
  }
}

const algorithm = ownProperties({ name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" })

/** Imports a key that has no flaw, for RS256 and for nothing else. */
export const importRsaKey = async (numbers: RsaNumbers): Promise<CryptoKey> => {
  const key = await crypto.subtle.importKey("jwk", jwkOf(numbers), algorithm, false, ["verify"])
  if (!backend.isChosen) {
    backend.isChosen = true
    backend.node = testedNode()
  }
  try {
    if (backend.node !== undefined) nodeKeys.set(key, makeNodeKey(backend.node, numbers))
  } catch {
    backend.node = undefined
  }
  return key
}

/**
 * Checks a signature: at once with an imported key and `node:crypto`. The algorithm is that of the key, not the one that
 * the token's header names.
 */
export const isSignedBy = (
  { key }: VerificationKey,
  { signature, signed }: Pick<CompactToken, "signature" | "signed">
): boolean | Promise<boolean> => {
  const { node } = backend
  const nodeKey = nodeKeys.get(key)
  return node !== undefined && nodeKey !== undefined
    ? verifyWithNode(node, nodeKey, signed, signature)
    : verifyWithWebCrypto(key, signed, signature)
}

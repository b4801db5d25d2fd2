/*
 * Finds secrets in texts from outside. A server may quote a part of a secret. It may change its case, encode it (base64,
 * hex, percent-encoding, escapes), split it, reverse it, or do several of these. So the search compares a text with reduced
 * forms of the secret. Then it decodes the text in every known way, and searches each result, too.
 */

/** A run of this many characters of a secret is always masked. */
const runLength = 12

/** How many nested encodings are decoded. */
const maxEncodings = 4

/** How many characters the search may read for each character of a text, before the text counts as too complex. */
const maxEffort = 32

/** A text that was made from the source text, and the place in the source of each of its characters. */
interface View {
  readonly text: string
  readonly from: (at: number) => number
  readonly to: (at: number) => number
}

/** A range of the source text. */
type Range = readonly [from: number, to: number]

/** Sets of characters. Each set is one bit of a number for each ASCII character. */
const printable = 1
const alphanumeric = 2
const base64Digit = 4
const hexDigit = 8

const characterSets = /*#__PURE__*/ Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  return (
    (/[!-~]/.test(character) ? printable : 0) |
    (/[A-Za-z0-9]/.test(character) ? alphanumeric : 0) |
    (/[\w+/-]/.test(character) ? base64Digit : 0) |
    (/[0-9A-Fa-f]/.test(character) ? hexDigit : 0)
  )
})

const isIn = (set: number, code: number): boolean => ((characterSets[code] ?? 0) & set) !== 0

/** Removes the characters that are not in a set. */
const kept = (view: View, set: number): View => {
  const { text } = view
  const places: Array<number> = []
  let result = ""
  for (let at = 0; at < text.length; at++) {
    if (isIn(set, text.charCodeAt(at))) {
      places.push(at)
      result += text[at]
    }
  }
  if (places.length === text.length) return view
  const place = (at: number) => places[at] ?? 0
  return { text: result, from: (at) => view.from(place(at)), to: (at) => view.to(place(at)) }
}

/** Replaces `0x` before hex digits by as many characters that are no digits. */
const without0x = (view: View): View | undefined =>
  view.text.includes("0x") ? { ...view, text: view.text.replaceAll("0x", "  ") } : undefined

const escapes =
  /%([0-9a-f]{2})|\\u([0-9a-f]{4})|\\u\{([0-9a-f]{1,6})\}|\\x([0-9a-f]{2})|&#x([0-9a-f]{1,6});|&#(\d{1,7});|\\([\\/"'bfnrt])/gi

/** Replaces escapes by the characters they stand for: `%5F`, `\u005f`, `\x5f`, `&#95;`, `\/`. */
const unescaped = (view: View): View | undefined => {
  let text = ""
  const starts: Array<number> = []
  const ends: Array<number> = []
  let end = 0
  const copy = (to: number) => {
    for (; end < to; end++) {
      text += view.text[end]
      starts.push(end)
      ends.push(end)
    }
  }
  for (const match of view.text.matchAll(escapes)) {
    const [whole, percent, unicode, braces, byte, hexEntity, entity, letter] = match
    const hex = percent ?? unicode ?? braces ?? byte ?? hexEntity
    const code = hex === undefined ? Number(entity) : Number.parseInt(hex, 16)
    copy(match.index)
    end += whole.length
    // The reduced forms leave out control characters, so their escapes are left out here.
    if (letter !== undefined && /[bfnrt]/.test(letter)) continue
    text += letter ?? (code <= 0xff_ff ? String.fromCharCode(code) : " ")
    starts.push(match.index)
    ends.push(end - 1)
  }
  if (end === 0) return undefined
  copy(view.text.length)
  return { text, from: (at) => view.from(starts[at] ?? 0), to: (at) => view.to(ends[at] ?? 0) }
}

/** Decodes base64 from `offset`. Where a quoted value begins is unknown, so the caller tries every offset. */
const base64Decoded = (digits: View, offset: number): View => {
  const encoded = digits.text.slice(offset).replaceAll("-", "+").replaceAll("_", "/")
  const place = (at: number) => offset + 4 * Math.floor(at / 3) + (at % 3)
  return {
    // A single digit at the end is an error.
    text: atob(encoded.length % 4 === 1 ? encoded.slice(0, -1) : encoded),
    from: (at) => digits.from(place(at)),
    to: (at) => digits.to(place(at) + 1)
  }
}

const hexDecoded = (digits: View, offset: number): View => {
  const codes: Array<number> = []
  for (let at = offset; at + 1 < digits.text.length; at += 2) {
    codes.push(Number.parseInt(digits.text.slice(at, at + 2), 16))
  }
  return {
    text: codes.map((code) => String.fromCharCode(code)).join(""),
    from: (at) => digits.from(offset + 2 * at),
    to: (at) => digits.to(offset + 2 * at + 1)
  }
}

const identity = (at: number) => at

const lowerCase = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())

const reversed = (text: string): string => [...text].reverse().join("")

const reduced = (text: string, set: number): string =>
  lowerCase(kept({ text, from: identity, to: identity }, set).text)

const base64Encoded = (text: string): string =>
  btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""))

/**
 * Base64 of a longer text has the secret at one of three alignments. The neighbors of the secret change the digits at
 * its ends, so these are left out.
 */
const base64Forms = (secret: string): ReadonlyArray<string> =>
  ["", "x", "xx"].map((neighbour) => base64Encoded(neighbour + secret).slice(neighbour === "" ? 0 : 4, -4))

/** Parts of secrets of one length. */
interface PartsOfLength {
  readonly whole: Set<string>
  /** A table of their beginnings, which excludes most places of a text at little cost. */
  readonly beginnings: Uint8Array
}

/** Parts of secrets, by their length. */
type Parts = Map<number, PartsOfLength>

/** A hash of three characters, from 0 to 4095. */
const beginningAt = (text: string, at: number): number =>
  (text.charCodeAt(at) * 961 + text.charCodeAt(at + 1) * 31 + text.charCodeAt(at + 2)) & 0xf_ff

const addParts = (parts: Parts, form: string, length: number): void => {
  let known = parts.get(length)
  if (known === undefined) {
    known = { whole: new Set(), beginnings: new Uint8Array(0x10_00) }
    parts.set(length, known)
  }
  for (const text of [form, reversed(form)]) {
    for (let at = 0; at + length <= text.length; at++) {
      const part = text.slice(at, at + length)
      known.whole.add(part)
      known.beginnings[beginningAt(part, 0)] = 1
    }
  }
}

/** The parts to find: in the text itself, in its printable characters, and in its letters and digits. */
interface Wanted {
  readonly exact: Parts
  readonly printable: Parts
  readonly alphanumeric: Parts
  /** The length of the shortest part. */
  readonly shortest: number
  /** Matches a decoded value that is text at least in part. A value that was not encoded decodes to noise. */
  readonly plausible: RegExp
}

const wantedOf = (secrets: ReadonlyArray<string>): Wanted => {
  const wanted = { exact: new Map(), printable: new Map(), alphanumeric: new Map() }
  for (const secret of secrets) {
    const form = reduced(secret, printable)
    if (form !== "") addParts(wanted.printable, form, Math.min(runLength, form.length))
    if (form.length < secret.length) {
      addParts(wanted.exact, lowerCase(secret), Math.min(runLength, secret.length))
    }
    // Base64 in another case cannot be decoded, so it is compared.
    for (const text of [secret, ...base64Forms(secret)]) {
      const letters = reduced(text, alphanumeric)
      if (letters.length >= runLength) addParts(wanted.alphanumeric, letters, runLength)
    }
  }
  const shortest = Math.min(runLength, ...wanted.exact.keys(), ...wanted.printable.keys())
  return { ...wanted, shortest, plausible: new RegExp(`[\\0\\t\\n\\r\\x20-\\x7e]{${shortest}}`) }
}

const search = (source: string, wanted: Wanted): ReadonlyArray<Range> | "too complex" => {
  const found: Array<Range> = []
  let effort = maxEffort * (source.length + 100)

  const compare = (view: View, parts: Parts) => {
    const text = lowerCase(view.text)
    for (const [length, known] of parts) {
      for (let at = 0; at + length <= text.length; at++) {
        if (known.beginnings[beginningAt(text, at)] === 1 && known.whole.has(text.slice(at, at + length))) {
          found.push([view.from(at), view.to(at + length - 1) + 1])
        }
      }
    }
  }

  const look = (whole: View, encodings: number, isText: boolean): void => {
    effort -= whole.text.length
    if (effort < 0 || whole.text.length < wanted.shortest) return
    const view = kept(whole, printable)
    compare(whole, wanted.exact)
    compare(view, wanted.printable)
    compare(kept(view, alphanumeric), wanted.alphanumeric)
    if (encodings === maxEncodings || !(isText || wanted.plausible.test(whole.text))) return
    const plain = unescaped(view)
    if (plain !== undefined) look(plain, encodings + 1, true)
    const base64 = kept(view, base64Digit)
    for (const offset of [0, 1, 2, 3]) look(base64Decoded(base64, offset), encodings + 1, false)
    for (const digits of [view, without0x(view)]) {
      if (digits === undefined) continue
      const hex = kept(digits, hexDigit)
      for (const offset of [0, 1]) look(hexDecoded(hex, offset), encodings + 1, false)
    }
  }

  look({ text: source, from: identity, to: identity }, 0, true)
  return effort < 0 ? "too complex" : found.sort(([a], [b]) => a - b)
}

/** Finds runs of secrets in a text. */
export type SecretSearch = (text: string) => ReturnType<typeof search>

/**
 * Makes a search that returns the places of runs of 12 or more characters of the secrets (all of a shorter one), in
 * order. It returns `"too complex"` when a text has so many nested encodings that the search takes too long. The time it
 * takes is linear in the text's length.
 */
export const secretSearch = (secrets: ReadonlyArray<string>): SecretSearch => {
  const wanted = wantedOf(secrets)
  return (text) => search(text, wanted)
}

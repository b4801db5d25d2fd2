/** A browser without pages: it follows redirects and keeps cookies by host, as far as Clerk's need it. */

interface Stored {
  readonly value: string
  readonly host: string
  readonly isHostOnly: boolean
}

type Server = (request: Request) => Promise<Response>

/** A response, and the addresses that led to it. */
export interface Loaded {
  readonly status: number
  readonly url: URL
  readonly body: string
  readonly headers: Headers
  /** The addresses of the redirects, the first one first. */
  readonly redirects: ReadonlyArray<URL>
}

export const makeBrowser = (servers: Readonly<Record<string, Server>>) => {
  const jar = new Map<string, Stored>()

  const cookiesFor = (host: string) =>
    [...jar]
      .filter(
        ([, stored]) => stored.host === host || (!stored.isHostOnly && host.endsWith(`.${stored.host}`))
      )
      .map(([key, { value }]) => `${key.split(" ")[0]}=${value}`)

  const store = (host: string, line: string) => {
    const [pair = "", ...attributes] = line.split(/;\s*/)
    const name = pair.slice(0, pair.indexOf("="))
    const value = pair.slice(pair.indexOf("=") + 1)
    const attribute = (key: string) =>
      attributes.find((each) => each.toLowerCase().startsWith(`${key}=`))?.slice(key.length + 1)
    const domain = attribute("domain")?.replace(/^\./, "")
    const key = `${name} ${domain ?? host}`
    jar.delete(key)
    if (attribute("max-age") !== "0") {
      jar.set(key, { value, host: domain ?? host, isHostOnly: domain === undefined })
    }
  }

  const load = async (
    address: string | URL,
    init: RequestInit = {},
    redirects: ReadonlyArray<URL> = []
  ): Promise<Loaded> => {
    const url = new URL(address)
    const server = servers[url.origin]
    if (server === undefined) throw new Error(`there is no server at ${url.origin}`)
    const headers = new Headers({ "sec-fetch-dest": "document", accept: "text/html", host: url.host })
    for (const [name, value] of new Headers(init.headers)) headers.set(name, value)
    const cookie = cookiesFor(url.hostname).join("; ")
    if (cookie !== "") headers.set("cookie", cookie)
    const response = await server(new Request(url, { ...init, headers }))
    for (const line of response.headers.getSetCookie()) store(url.hostname, line)
    const location = response.headers.get("location")
    if (location === null || redirects.length > 20) {
      return {
        status: response.status,
        url,
        body: await response.text(),
        headers: response.headers,
        redirects
      }
    }
    return load(new URL(location, url), {}, [...redirects, new URL(location, url)])
  }

  return {
    load,
    /** The values of all cookies of a name. */
    cookies: (name: string) =>
      [...jar].filter(([key]) => key.startsWith(`${name} `)).map(([, { value }]) => value),
    forget: (name: string) => {
      for (const key of jar.keys()) if (key.startsWith(`${name} `)) jar.delete(key)
    }
  }
}

export type Browser = ReturnType<typeof makeBrowser>

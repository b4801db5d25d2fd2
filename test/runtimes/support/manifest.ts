/** What the peer tells a runtime under test: where everything is, and what is to be seen there. */
export interface Manifest {
  readonly clerk: Clerk
  /** Answers according to the path: `/<runtime>/<scene>/<detail>/<call>`. */
  readonly scenes: string
  /** Another such place, where one case alone calls, so that it can tell which connection is used next. */
  readonly quiet: string
  /** Every fault of a connection or an answer, and what a call has to make of it on this runtime. */
  readonly faults: ReadonlyArray<FaultCase>
  /** Addresses where no connection comes about. */
  readonly unreachable: ReadonlyArray<Unreachable>
  readonly tokens: Tokens
  /** The same with TLS, where the runtime has been told to trust the peer. */
  readonly secure?: Secure | undefined
}

export interface Secure {
  /** What the runtime speaks with a server that offers HTTP/2 as well as HTTP/1.1. */
  readonly protocol: "http/1.1" | "h2"
  /** Where all is well. */
  readonly scenes: string
  /** Where connections are ended in good order, which whoever else calls there meets as well. */
  readonly farewells: string
  readonly faults: ReadonlyArray<SecureFaultCase>
}

/** A fault on servers of its own: over HTTP/2 all requests to one server share a connection, and its fate. */
export interface SecureFaultCase extends FaultCase {
  readonly scenes: string
  /** Another server, where one case alone calls. */
  readonly quiet: string
}

export type Outcome = Readonly<Record<string, unknown>>

/** A `GET`; a `PUT` and a `DELETE`; a `POST` without a body. */
export type Resent = "read" | "put" | "delete" | "bare"

export interface FaultCase {
  readonly name: string
  readonly index: number
  readonly outcome: Outcome
  readonly again: "never" | "unless once" | "always"
  /** The server leaves the rest to the client, which has to close the connection. */
  readonly closes: boolean
  /** It shows only by the time that passes. */
  readonly isSlow: boolean
  /** The connection is gone ere there is an answer. */
  readonly severs: boolean
  /** What the runtime itself may send again before it says that it failed. */
  readonly resends: ReadonlyArray<Resent>
  /** A call can fail with the connection of another one, before its own request is sent. */
  readonly mayStayUnsent: boolean
  /** What goes over a connection of its own. */
  readonly unpooled: ReadonlyArray<Resent>
}

export interface Unreachable {
  readonly name: string
  readonly url: string
  readonly outcome: Outcome
}

/** The in-memory Clerk, on a socket. */
export interface Clerk {
  readonly url: string
  readonly secretKey: string
  readonly userId: string
  /** A template it has. */
  readonly template: string
  readonly browser: {
    readonly sessionId: string
    readonly expiredToken: string
    readonly refreshToken: string
    readonly origin: string
  }
}

export interface Tokens {
  readonly pem: string
  readonly issuer: string
  readonly publishableKey: string
  /** The name of the instance's own session cookie. */
  readonly sessionCookie: string
  readonly origin: string
  readonly userId: string
  readonly sessionId: string
  readonly good: string
  /** Good for five seconds from when the manifest was asked for. */
  readonly brief: string
  /** Names a key that Clerk does not have. */
  readonly strange: string
  readonly refused: ReadonlyArray<{ readonly name: string; readonly token: string; readonly reason: string }>
}

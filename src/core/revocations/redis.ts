/**
 * A connection to Redis.
 *
 * @since 4.0.0
 * @category models
 */
export interface RedisConnection {
  /** Sends a command with its arguments: `["XREAD", "COUNT", …]`. Commands are executed in the order of the calls. */
  readonly send: (command: ReadonlyArray<string>) => Promise<unknown>
  /** Closes the connection at once, and rejects the commands without a reply. */
  readonly close: () => void
}

/**
 * Opens connections to Redis, as `fromIoRedis` and `fromNodeRedis` do. Make your own for another client.
 *
 * @since 4.0.0
 * @category models
 */
export interface RedisClient {
  /**
   * Opens a connection of its own. It may return before the connection is ready, if the connection holds commands back
   * until then. The library sets a time limit for each command, and closes a connection whose command fails.
   */
  readonly connect: () => RedisConnection
}

/**
 * The parts of an `ioredis` client that this library uses: `new Redis(…)`.
 *
 * @since 4.0.0
 * @category models
 */
export interface IoRedis {
  /** Sends a command. */
  readonly call: (command: string, ...args: Array<string>) => Promise<unknown>
  /** Makes a client with the same options. */
  readonly duplicate: () => IoRedis
  /** Closes the connection at once. */
  readonly disconnect: () => void
  /** Adds a listener for errors of the connection. */
  readonly on: (event: "error", listener: () => void) => unknown
}

/**
 * The parts of a client of `redis` (node-redis) that this library uses: `createClient(…)`.
 *
 * @since 4.0.0
 * @category models
 */
export interface NodeRedis {
  /** Sends a command with its arguments. */
  readonly sendCommand: (args: ReadonlyArray<string>) => Promise<unknown>
  /** Makes a client with the same options. */
  readonly duplicate: () => NodeRedis
  /** Opens the connection. */
  readonly connect: () => Promise<unknown>
  /** Closes the connection at once. */
  readonly destroy: () => void
  /** Adds a listener for errors of the connection. */
  readonly on: (event: "error", listener: () => void) => unknown
}

/** Without a listener, the clients throw or print an error that the failed command has too. */
const ignore = () => {}

/**
 * Uses a client of `ioredis`. The layer opens two duplicates of it, one that reads and one that writes.
 *
 * @since 4.0.0
 * @category constructors
 */
export const fromIoRedis = (client: IoRedis): RedisClient => ({
  connect: () => {
    const own = client.duplicate()
    own.on("error", ignore)
    return {
      send: ([command = "", ...args]) => own.call(command, ...args),
      close: () => own.disconnect()
    }
  }
})

/**
 * Uses a client of `redis` (node-redis), version 5 or newer. The layer opens two duplicates of it, one that reads and one
 * that writes. The client itself need not be connected.
 *
 * @since 4.0.0
 * @category constructors
 */
export const fromNodeRedis = (client: NodeRedis): RedisClient => ({
  connect: () => {
    const own = client.duplicate()
    own.on("error", ignore)
    // A command waits for the connection, and has a time limit.
    own.connect().catch(ignore)
    return { send: (command) => own.sendCommand(command), close: () => own.destroy() }
  }
})

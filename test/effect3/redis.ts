import { RevocationsRedis } from "effect-clerk/revocations"
import { Redis } from "ioredis"

/** The client of Redis that a program of Effect 3 uses. */
export const redisClient = (port: number): RevocationsRedis.RedisClient =>
  RevocationsRedis.fromIoRedis(new Redis({ port, host: "127.0.0.1", lazyConnect: true }))

/** A connection for the commands of a test. */
export const redisCommands = async (port: number) => {
  const client = new Redis({ port, host: "127.0.0.1", maxRetriesPerRequest: 0 })
  client.on("error", () => {})
  return {
    send: ([command = "", ...args]: ReadonlyArray<string>): Promise<unknown> => client.call(command, ...args),
    close: () => client.disconnect()
  }
}

import { RevocationsRedis } from "effect-clerk/revocations"
import { createClient } from "redis"

/** The client of Redis that a program of Effect 4 uses. */
export const redisClient = (port: number): RevocationsRedis.RedisClient =>
  RevocationsRedis.fromNodeRedis(createClient({ url: `redis://127.0.0.1:${port}` }))

/** A connection for the commands of a test. */
export const redisCommands = async (port: number) => {
  const client = createClient({ url: `redis://127.0.0.1:${port}` })
  client.on("error", () => {})
  await client.connect()
  return {
    send: (command: ReadonlyArray<string>): Promise<unknown> => client.sendCommand(command),
    close: () => client.destroy()
  }
}

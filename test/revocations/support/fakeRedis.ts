import type { RevocationsRedis } from "effect-clerk/revocations"

interface Entry {
  readonly id: string
  readonly fields: ReadonlyArray<string>
}

interface Waiting {
  readonly connection: number
  readonly reply: (reply: unknown) => void
  readonly fail: (error: Error) => void
  readonly after: string
}

const never = new Promise<never>(() => {})

const orderOf = (id: string): number => {
  const [millis = 0, sequence = 0] = id.split("-").map(Number)
  return millis * 1000 + sequence
}

/** One stream in memory. Blocked reads return when an entry is added, or when the test says that they were in vain. */
export class FakeRedis implements RevocationsRedis.RedisClient {
  /** The clock of Redis, in milliseconds. */
  now = 1_000_000
  entries: ReadonlyArray<Entry> = []
  readonly commands: Array<ReadonlyArray<string>> = []
  /** Commands that fail. */
  readonly failing = new Set<string>()
  /** Commands whose reply is nonsense. */
  readonly invalid = new Set<string>()
  /** Whether no command returns. */
  hangs = false
  opened = 0
  closed = 0
  #last = 0
  #waiting: ReadonlyArray<Waiting> = []

  connect(): RevocationsRedis.RedisConnection {
    const connection = ++this.opened
    let isOpen = true
    return {
      send: (command) => (isOpen ? this.#run(command, connection) : Promise.reject(new Error("closed"))),
      close: () => {
        isOpen = false
        this.closed++
        this.#waiting = this.#waiting.filter((waiting) => waiting.connection !== connection)
      }
    }
  }

  /** Whether all readers wait. */
  get isIdle(): boolean {
    const last = this.entries.at(-1)
    return (
      this.#waiting.length > 0 && this.#waiting.every(({ after }) => last === undefined || after === last.id)
    )
  }

  /** Ends the blocked reads without an entry. */
  idle(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { reply } of waiting) reply(null)
  }

  /** Breaks all connections that wait. */
  close(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { fail } of waiting) fail(new Error("connection reset"))
  }

  add(fields: ReadonlyArray<string>): string {
    const id = `${this.now}-${this.#last++}`
    this.entries = [...this.entries, { id, fields }]
    const waiting = this.#waiting
    this.#waiting = []
    for (const { after, reply } of waiting) reply(this.#after(after))
    return id
  }

  #after(id: string, count = 200): unknown {
    const found = this.entries.filter((entry) => orderOf(entry.id) > orderOf(id)).slice(0, count)
    return found.length === 0 ? null : [["stream", found.map(({ fields, id }) => [id, fields])]]
  }

  async #run(command: ReadonlyArray<string>, connection: number): Promise<unknown> {
    this.commands.push(command)
    const [name = ""] = command
    if (this.hangs) return never
    if (this.failing.has(name)) throw new Error("OOM no memory")
    if (this.invalid.has(name)) return "nonsense"
    switch (name) {
      case "TIME":
        return [String(Math.floor(this.now / 1000)), String((this.now % 1000) * 1000)]
      case "XADD":
        return this.add(command.slice(command.indexOf("*") + 1))
      case "XRANGE":
        return this.entries.filter(({ id }) => id === command[2]).map(({ fields, id }) => [id, fields])
      case "XREAD": {
        const after = command.at(-1) ?? ""
        const found = this.#after(after)
        if (found !== null || !command.includes("BLOCK")) return found
        return new Promise((reply, fail) => {
          this.#waiting = [...this.#waiting, { connection, reply, fail, after }]
        })
      }
      default:
        throw new Error(`unknown command ${name}`)
    }
  }
}

/** Signs users out with nothing but `fetch`: no journal, no retries, no check of a response. Prints the users per second. */
const [url = "", users = "0", prefix = "", concurrency = "1"] = process.argv.slice(2)

const headers = { authorization: "Bearer sk_test_emulator" }

const signOut = async (userId: string) => {
  const response = await fetch(`${url}/v1/sessions?user_id=${userId}&limit=500`, { headers })
  // The emulator responds with what its type says.
  const sessions = (await response.json()) as ReadonlyArray<{ readonly id: string }>
  for (const { id } of sessions) {
    const revoked = await fetch(`${url}/v1/sessions/${id}/revoke`, { method: "POST", headers })
    await revoked.text()
  }
}

let next = 0
const loop = async () => {
  while (next < Number(users)) await signOut(`${prefix}${next++}`)
}

const started = performance.now()
await Promise.all(Array.from({ length: Number(concurrency) }, loop))
process.send?.({ usersPerSecond: (Number(users) / (performance.now() - started)) * 1_000 })
process.exit(0)

/** The other side of `startWorker`. `In` is what this process receives, and `Out` is what it sends. */
export const parent = <In, Out>() => ({
  send: (message: Out): void => {
    process.send?.(message)
  },
  /** Receives all messages from now on. The process stays alive until its parent ends, or until it exits. */
  onMessage: (receive: (message: In) => void): void => {
    // The test sends what its type says.
    process.on("message", (message) => receive(message as In))
  }
})

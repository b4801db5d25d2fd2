/**
 * A test asked the emulator for something impossible. In process it is a defect, since the test itself is wrong. The
 * control API answers with `status` and `sentence`.
 */
export class EmulatorMisuse extends Error {
  readonly status: 400 | 404 | 409
  readonly sentence: string

  constructor(status: EmulatorMisuse["status"], sentence: string, method?: string) {
    super(`ClerkEmulator: ${method === undefined ? "" : `${method}: `}${sentence}`)
    this.status = status
    this.sentence = sentence
  }
}

/** What a worker prints for each look at the job. */
export interface Line {
  readonly status: string
  readonly users: number
  readonly failed: number
  /** The cutoff in milliseconds since 1970. */
  readonly cutoff?: number
}

export const userId = (at: number): string => `user_${at}`

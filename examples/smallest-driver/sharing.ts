// What connections share beside data: a bell that wakes whoever sleeps, and names that one of them holds.

/** `next` is taken before one looks for work: a ring in between is not missed. */
export interface Bell {
  readonly next: () => Promise<void>
  readonly ring: () => void
}

export const newBell = (): Bell => {
  let coming = Promise.withResolvers<void>()
  return {
    next: () => coming.promise,
    ring: () => {
      const { resolve } = coming
      coming = Promise.withResolvers()
      resolve()
    },
  }
}

/** A hold on a name; its fence grows with every holder. Nobody holds a name that was released. */
interface Hold {
  readonly holder: string | undefined
  readonly fence: number
}

export interface Leases {
  /** Takes a name, or has it already; undefined while another holds it. */
  readonly take: (name: string, holder: string) => Hold | undefined
  readonly release: (name: string, holder: string) => void
  readonly releaseAll: (holder: string) => void
  readonly of: (name: string) => Hold | undefined
}

// Holders live in this process and let go when they close, so that no lease need ever expire.
export const newLeases = (bell: Bell): Leases => {
  const holds = new Map<string, Hold>()
  const release = (name: string, holder: string): void => {
    const hold = holds.get(name)
    if (hold?.holder !== holder) return
    holds.set(name, { holder: undefined, fence: hold.fence })
    bell.ring()
  }
  return {
    take: (name, holder) => {
      const hold = holds.get(name)
      if (hold?.holder === holder) return hold
      if (hold?.holder !== undefined) return undefined
      const taken = { holder, fence: (hold?.fence ?? 0) + 1 }
      holds.set(name, taken)
      return taken
    },
    release,
    releaseAll: (holder) => {
      for (const name of holds.keys()) release(name, holder)
    },
    of: (name) => holds.get(name),
  }
}

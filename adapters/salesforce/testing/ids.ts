// Record ids as Salesforce makes them: 15 characters in base 62, and 3 more that tell upper from lower case.
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const checks = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345'

/** The 18 characters of a 15-character id. */
const id18 = (id15: string): string => {
  let suffix = ''
  for (let block = 0; block < 3; block++) {
    let bits = 0
    for (let at = 0; at < 5; at++) {
      const letter = id15.charAt(block * 5 + at)
      if (letter >= 'A' && letter <= 'Z') bits |= 1 << at
    }
    suffix += checks.charAt(bits)
  }
  return id15 + suffix
}

/** The `n`th id of an object: its three-character key prefix, an instance, and a counter. */
export const idOf = (keyPrefix: string, n: number): string => {
  let counter = ''
  for (let rest = n, at = 0; at < 9; at++, rest = Math.floor(rest / 62))
    counter = digits.charAt(rest % 62) + counter
  return id18(`${keyPrefix}5g0${counter}`)
}

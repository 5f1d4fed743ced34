package jwk

import "math/big"

// smallPrimes bounds the trial division; NIST SP 800-89 §5.3.3 asks for no factor below 752.
const smallPrimes = 752

// rocaPrimes is the last prime whose residue gives a ROCA modulus away: the primes up to 167
// divide the generator's primorial at every key size (CVE-2017-15361).
const rocaPrimes = 167

// examineModulus finds the moduli that are cheap to factor without knowing anything else:
// even ones, those with a small factor, squares, and those of the ROCA generator.
// A sound random modulus looks like a ROCA modulus once in some 2²⁷.
func examineModulus(n *big.Int) error {
	if n.Bit(0) == 0 {
		return weak("RSA modulus is even")
	}
	roca := true
	divisor, rest := new(big.Int), new(big.Int)
	for prime := int64(3); prime < smallPrimes; prime += 2 {
		if !isPrime(prime) {
			continue
		}
		residue := rest.Mod(n, divisor.SetInt64(prime)).Int64()
		if residue == 0 {
			return weak("RSA modulus is divisible by %d", prime)
		}
		roca = roca && (prime > rocaPrimes || isPower(residue, prime))
	}
	if roca {
		return weak("RSA modulus comes from the broken generator of CVE-2017-15361 (ROCA)")
	}
	if root := new(big.Int).Sqrt(n); root.Mul(root, root).Cmp(n) == 0 {
		return weak("RSA modulus is a square")
	}
	return nil
}

// isPrime is for small odd numbers.
func isPrime(n int64) bool {
	for divisor := int64(3); divisor*divisor <= n; divisor += 2 {
		if n%divisor == 0 {
			return false
		}
	}
	return true
}

// isPower reports whether the residue is a power of 65537 modulo the prime.
func isPower(residue, prime int64) bool {
	power := int64(1)
	for range prime {
		if power == residue {
			return true
		}
		power = power * 65537 % prime
	}
	return false
}

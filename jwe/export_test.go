package jwe

// Open decrypts whatever content, for vectors that hold no token.
func (d *Decrypter) Open(compact string) ([]byte, error) {
	content, _, err := d.open(compact)
	return content, err
}

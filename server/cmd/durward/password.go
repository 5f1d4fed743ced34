package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/term"
)

// readPassword gets a password without showing it: from the first line of standard input, or typed twice.
func readPassword(t terminal, fromInput bool) (string, error) {
	if fromInput {
		line, err := bufio.NewReader(io.LimitReader(t.in, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the password: %w", err)
		}
		password := strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if password == "" {
			return "", errors.New("standard input holds no password")
		}
		return password, nil
	}
	if !term.IsTerminal(int(t.in.Fd())) {
		return "", errors.New("there is no terminal to ask for the password: give it on standard input with --password-stdin")
	}
	first, err := ask(t, "Password: ")
	if err != nil {
		return "", err
	}
	second, err := ask(t, "Again: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two passwords differ")
	}
	return first, nil
}

func ask(t terminal, prompt string) (string, error) {
	fmt.Fprint(t.err, prompt)
	typed, err := term.ReadPassword(int(t.in.Fd()))
	fmt.Fprintln(t.err)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return string(typed), nil
}

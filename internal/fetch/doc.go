// Package fetch owns how documents of remote issuers are got: from where, through which redirects, and how much of them.
package fetch

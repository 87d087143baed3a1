// Package spi holds the interfaces between the middleware and its plugins, and
// the values they exchange: the five plugins of DDS-Security and the transport.
//
// It is below everything that calls or implements it, like database/sql/driver.
// It has no code of its own.
//
// # Objects, not handles
//
// DDS-Security 1.1, chapter 8, passes integer handles back and forth. Here a
// handle is a Go object that holds its own keys: what the specification calls
// register returns an object, what it calls unregister closes one, and what it
// calls encode and decode are methods of it. A nil object means that this
// protection is NONE: it is not called, so it costs nothing.
//
// Objects are safe for concurrent use unless their documentation says otherwise.
package spi

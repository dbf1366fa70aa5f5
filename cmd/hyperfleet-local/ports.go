/*
Copyright 2026 The HyperFleet Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package main

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
)

// checkPorts returns an error with one line for each port that is in use.
func checkPorts(listeners []listener) error {
	var taken []string
	for _, l := range listeners {
		err := tryListen(l.address)
		if errors.Is(err, syscall.EADDRINUSE) {
			_, port, _ := net.SplitHostPort(l.address)
			taken = append(taken, fmt.Sprintf("port %s of %s is in use by another program: stop that program, or choose another port with -%s", port, l.what, l.flag))
		} else if err != nil {
			return fmt.Errorf("address of %s (-%s): %w", l.what, l.flag, err)
		}
	}
	if len(taken) > 0 {
		return errors.New(strings.Join(taken, "\n       "))
	}
	return nil
}

func tryListen(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return l.Close()
}

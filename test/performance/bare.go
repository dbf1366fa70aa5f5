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
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"github.com/hyperfleet-io/hyperfleet/test/process"
)

// bareCommand, as the first argument, turns this program into the bare handler.
const bareCommand = "bare"

const bareName = "bare"

// serveBare answers each URI with a body from a file. This is the least work that a
// net/http server can do, so it is the upper limit for reads.
func serveBare(args []string) error {
	flags := flag.NewFlagSet(bareCommand, flag.ExitOnError)
	address := flags.String("address", "", "where to listen")
	file := flags.String("bodies", "", "JSON file of bodies, in base64, by URI")
	if err := flags.Parse(args); err != nil {
		return err
	}
	text, err := os.ReadFile(*file)
	if err != nil {
		return err
	}
	var bodies map[string][]byte
	if err := json.Unmarshal(text, &bodies); err != nil {
		return fmt.Errorf("%s: %w", *file, err)
	}
	return http.ListenAndServe(*address, bareHandler(bodies))
}

func bareHandler(bodies map[string][]byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := bodies[r.RequestURI]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body) // the client may have closed the connection
	})
}

// startBare starts the bare handler as a process and returns its address.
func (r *run) startBare(ctx context.Context, bodies map[string][]byte) (string, error) {
	text, err := json.Marshal(bodies)
	if err != nil {
		return "", err
	}
	file := filepath.Join(r.dir, "bodies.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return "", err
	}
	ports, err := freePorts(1)
	if err != nil {
		return "", err
	}
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	address := loopback(ports[0])
	r.bare, err = process.Start(process.Spec{
		Name: bareName,
		Dir:  r.logDir(),
		Path: program,
		Args: []string{bareCommand, "-address=" + address, "-bodies=" + file},
	})
	if err != nil {
		return "", err
	}
	return address, process.WaitReady(ctx, r.bare, process.Wait{
		Ready: process.HTTPProbe(http.DefaultClient, "http://"+address+listURI("", 1)),
		Stall: startLimit,
	})
}

func (r *run) stopBare() {
	_ = r.bare.Stop(stopLimit) // if this fails, the end of the run tries again
}

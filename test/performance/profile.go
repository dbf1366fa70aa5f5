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
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/google/pprof/profile"
	"k8s.io/client-go/rest"
)

// profileSlice is the duration of one request for a CPU profile, in seconds. A profile
// ends at most this much later than the load that it records.
const profileSlice = 2

// recordProfile records the CPU time of the server until the caller calls the returned
// function, which writes the profile to a file in the format of pprof.
func (s *stack) recordProfile(ctx context.Context, file string) (finish func() error) {
	var (
		slices      []*profile.Profile
		done        = make(chan struct{})
		ended       = make(chan struct{})
		client, err = rest.HTTPClientFor(s.config)
	)
	go func() {
		defer close(done)
		for err == nil {
			select {
			case <-ended:
				return
			default:
			}
			var slice *profile.Profile
			if slice, err = s.readProfile(ctx, client); err == nil {
				slices = append(slices, slice)
			}
		}
	}()
	return func() error {
		close(ended)
		<-done
		if err != nil {
			return fmt.Errorf("CPU profile of the server: %w", err)
		}
		return writeProfile(file, slices)
	}
}

// readProfile reads one slice from the path on which Kubernetes' API servers serve CPU
// profiles. The slice is of the whole server, because the server is one process.
func (s *stack) readProfile(ctx context.Context, client *http.Client) (*profile.Profile, error) {
	url := fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", s.config.Host, profileSlice)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, err := io.ReadAll(response.Body)
		return nil, errors.Join(fmt.Errorf("%s answers %s: %s", url, response.Status, text), err)
	}
	return profile.Parse(response.Body)
}

func writeProfile(file string, slices []*profile.Profile) error {
	merged, err := profile.Merge(slices)
	if err != nil {
		return err
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(merged.Write(out), out.Close())
}

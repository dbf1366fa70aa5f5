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

package pki

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The administrator has every right. Its name appears in audit logs and in the
// authorship of objects.
const (
	AdminUser  = "admin@hyperfleet.local"
	adminGroup = "system:masters"
)

// Files of the folder.
const (
	caCertFile            = "ca.crt"
	caKeyFile             = "ca.key"
	servingCertFile       = "server.crt"
	servingKeyFile        = "server.key"
	serviceAccountKeyFile = "service-account.key"
	tokensFile            = "tokens.csv"
)

// Credentials are the credentials in one folder.
type Credentials struct {
	dir        string
	ca         *x509.Certificate
	caKey      crypto.Signer
	adminToken string
}

// Load creates the folder and the missing credentials, and renews the certificates that
// expire soon. The hosts are the names and addresses at which clients reach the server.
// After an interruption, the next Load continues: each file is created in one step, and a
// certificate can be signed again for the same key.
func Load(dir string, hosts []string, now time.Time) (*Credentials, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	c := &Credentials{dir: dir}
	if err := c.loadCA(now); err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	if err := c.Renew(hosts, now); err != nil {
		return nil, err
	}
	if _, err := loadKey(c.ServiceAccountKeyFile()); err != nil {
		return nil, fmt.Errorf("key of service account tokens: %w", err)
	}
	if err := c.loadToken(); err != nil {
		return nil, fmt.Errorf("the administrator's token: %w", err)
	}
	return c, nil
}

// ServingFiles returns the PEM files of the server's certificate and key in a folder of
// credentials.
func ServingFiles(dir string) (cert, key string) {
	return filepath.Join(dir, servingCertFile), filepath.Join(dir, servingKeyFile)
}

// CAFile returns the PEM file, in a folder of credentials, of the authority that signs
// the certificates of the server and of its clients.
func CAFile(dir string) string { return filepath.Join(dir, caCertFile) }

// TokensFile returns the file of static tokens, as kube-apiserver reads it.
func (c *Credentials) TokensFile() string { return c.file(tokensFile) }

// ServiceAccountKeyFile returns the PEM file of the key that signs service account
// tokens.
func (c *Credentials) ServiceAccountKeyFile() string { return c.file(serviceAccountKeyFile) }

// CA returns the authority's certificate as PEM.
func (c *Credentials) CA() []byte { return certPEM(c.ca.Raw) }

// AdminToken returns the administrator's bearer token.
func (c *Credentials) AdminToken() string { return c.adminToken }

func (c *Credentials) file(name string) string { return filepath.Join(c.dir, name) }

// RotateAdmin replaces the administrator's token, and keeps the tokens of other users that
// an operator has added to the file. A running server accepts the previous token until it
// ends.
func RotateAdmin(dir string) error {
	file := filepath.Join(dir, tokensFile)
	records, err := readTokens(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	others := slices.DeleteFunc(records, isAdmins)
	return writeTokens(file, append(others, newAdminRecord()))
}

func (c *Credentials) loadToken() error {
	records, err := readTokens(c.TokensFile())
	if errors.Is(err, fs.ErrNotExist) {
		records = [][]string{newAdminRecord()}
		err = writeTokens(c.TokensFile(), records)
	}
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(records, isAdmins); i >= 0 {
		c.adminToken = records[i][0]
		return nil
	}
	return fmt.Errorf("%s has no token of %s: remove the file, and the next start creates one", c.TokensFile(), AdminUser)
}

// newAdminRecord returns a new token of the administrator, as one line of the tokens' file:
// the token, the user's name and id, and the groups.
func newAdminRecord() []string { return []string{rand.Text(), AdminUser, AdminUser, adminGroup} }

func isAdmins(record []string) bool { return len(record) > 1 && record[1] == AdminUser }

func readTokens(file string) ([][]string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	reader := csv.NewReader(strings.NewReader(string(content)))
	reader.FieldsPerRecord = -1
	records, err := reader.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return records, nil
}

func writeTokens(file string, records [][]string) error {
	var content bytes.Buffer
	if err := csv.NewWriter(&content).WriteAll(records); err != nil {
		return err
	}
	return writeFile(file, content.Bytes())
}

// writeFile replaces a file in one step, even if the machine stops in between.
func writeFile(file string, content []byte) error {
	unfinished := file + ".unfinished"
	f, err := os.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(unfinished, file)
}

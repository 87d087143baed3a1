// Package keystore makes, keeps and checks keystores in the layout of ROS 2's
// sros2: one certificate authority (or two), signed governance and permissions
// documents, and a folder of credentials per enclave.
//
//	<keystore>/
//	  public/   ca.cert.pem  identity_ca.cert.pem  permissions_ca.cert.pem  [crl.pem]
//	  private/  ca.key.pem   identity_ca.key.pem   permissions_ca.key.pem
//	  enclaves/ governance.xml  governance.p7s
//	    <enclave>/  identity_ca.cert.pem  permissions_ca.cert.pem  governance.p7s
//	                cert.pem  key.pem  permissions.xml  permissions.p7s  [crl.pem]
//
// Create and CreateEnclave make them; SetPermissions, RenewEnclave and Revoke
// keep them; Check and Describe tell what is wrong in them and what they say.
// The authorities' certificates, the governance and crl.pem are links in
// enclaves, relative so that a keystore can be moved.
//
// It is a shell: it reads and writes files and the clock. Nothing that runs a
// participant imports it; tools, tests and examples do.
//
// The documents are written so that every known peer reads them: all elements
// in the order of the schema (Fast DDS parses by position), id ranges with both
// ends, validity in UTC without a zone, S/MIME with a text/plain part header
// and signed attributes.
package keystore

#ifndef TRUST_H
#define TRUST_H

extern bool trust_self; // see --trust-self

#endif

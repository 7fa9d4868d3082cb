module.exports = require('ancillary/unix-dgram')
